"""Seeing what a gateway serves beside what it was given, round after round.

A great gateway is asked for a few resources at a time, with rests: to tell everything it would have
to stop serving for a while, and whoever reads everything would hold up its drivers. Where it can
only tell everything, that is done seldom, and compared a few at a time.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator

from gateways.drivers.base import PartReader, Reader, Served

from .comparing import MOST, compared
from .given import Given
from .ledger import Ledger
from .patience import Pace

log = logging.getLogger(__name__)

FEW = 200  # resources of which all is asked for at once
STEP = 8  # resources of one step, if it is asked for parts
RATE = 40.0  # of them a second; and at most half of the time
COMPARED = 250  # resources of one step, if it has told everything
_REST = 0.01  # seconds after such a step
_SHARE = 100  # of the time, at most this part is spent on asking for everything


class Rounds:
    """Used by one thread. `heals`: whether giving everything anew could change anything; `tell` is
    called after each round with its beginning, in milliseconds, and what was served."""

    def __init__(
        self,
        given: Given,
        ledger: Ledger,
        pace: Pace,
        *,
        heals: bool,
        tell: Callable[[int, Served], None],
        name: str,
    ) -> None:
        self._given = given
        self._ledger = ledger
        self._pace = pace
        self._heals = heals
        self._tell = tell
        self._name = name
        self._round: Iterator[float] | None = None
        self._found: dict[str, tuple[str, float]] = {}  # key → what is different, seen since when
        self._again_at = 0.0
        self._complete = False
        self._pause = pace.audit  # seconds between two rounds
        self.anew = False  # it has served something else for long

    def step(self, reader: Reader) -> float:
        """Look at some; return the seconds until the next step. Raises `DriverError`, after which a
        new round begins."""
        if self._round is None:
            self._round = self._all(reader)
        current, self._round = self._round, None
        rest = next(current, None)
        if rest is None:
            return self._pause
        self._round = current
        return rest

    def _all(self, reader: Reader) -> Iterator[float]:
        self._pause = self._pace.audit
        if not self._given.whole:
            return
        at = int(time.time() * 1000)
        keys = self._given.keys(time.monotonic())
        if len(keys) > FEW and isinstance(reader, PartReader) and reader.served_of({}) is not None:
            yield from self._in_parts(reader, keys, at)
        else:
            yield from self._at_once(reader, keys, at)

    def _in_parts(self, reader: PartReader, keys: list[str], at: int) -> Iterator[float]:
        upstreams: dict[str, tuple[str, ...]] = {}
        routes: set[str] = set()
        for first in range(0, len(keys), STEP):
            began = time.monotonic()
            for some in (keys[first : first + STEP], self._doubtful(began)):
                part = reader.served_of(self._given.of(some)) if some else None
                if part is None:
                    continue
                self._compare(some, part, began)
                upstreams.update(part.upstreams)
                routes |= part.routes
            took = time.monotonic() - began
            yield max(STEP / RATE - took, took)
        self._over(at, Served(upstreams, frozenset(routes)))

    def _at_once(self, reader: Reader, keys: list[str], at: int) -> Iterator[float]:
        began = time.monotonic()
        served = reader.served()
        took = time.monotonic() - began
        self._pause = max(self._pace.audit, _SHARE * took)
        if served is None:
            return
        keys = list({*keys, *served.upstreams, *served.routes, *self._found})
        for first in range(0, len(keys), COMPARED):
            self._compare(keys[first : first + COMPARED], served, began)
            yield _REST
        self._over(at, served)

    def _doubtful(self, now: float) -> list[str]:
        """What was different is looked at again, long before the next round."""
        if not self._found or now < self._again_at:
            return []
        self._again_at = now + self._pace.audit
        return list(self._found)

    def _compare(self, keys: list[str], served: Served, asked_at: float) -> None:
        settled = self._given.settled(keys, asked_at)
        part = Served(
            {key: served.upstreams[key] for key in settled if key in served.upstreams},
            frozenset(key for key in settled if key in served.routes),
        )
        different = compared({key: one for key, one in settled.items() if one}, part, ())
        lasting = ""
        for key in keys:
            before, since = self._found.pop(key, ("", asked_at))
            text = different.get(key, "")
            if not text or len(self._found) >= MOST:
                continue
            if text != before:
                self._again_at = asked_at + self._pace.audit
                since = asked_at
            elif asked_at - since >= self._pace.audit:
                lasting = key
            self._found[key] = text, since
        if self._complete or self._found:
            self._note()
        if lasting and self._heals and not self.anew and self._ledger.heal():
            log.warning(
                "%s: %s is served otherwise for long, %d in all; giving everything anew",
                self._name,
                lasting,
                len(self._found),
            )
            self.anew = True

    def _over(self, at: int, served: Served) -> None:
        self._complete = True
        self._note()
        self._tell(at, served)

    def _note(self) -> None:
        found = {key: text for key, (text, _since) in self._found.items()}
        self._ledger.audited(int(time.time() * 1000), found)
