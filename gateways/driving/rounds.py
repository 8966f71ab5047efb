"""Seeing what a gateway serves beside what it was given, round after round.

A great gateway is asked for a few resources at a time, with rests: to tell everything it would have
to stop serving for a while, and whoever reads everything would hold up its drivers. Where it can
only tell everything, that is done seldom, and compared a few at a time. What is doubtful, as it was
different or never arrived, is looked at long before its turn.

Of what nobody gave it a gateway that is asked for a few at a time cannot be asked: what was taken
away is asked for until it is gone, what others made under our names is found when a driver begins.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from queue import SimpleQueue

from gateways.drivers.base import DriverError, PartReader, Reader, Served

from .comparing import MOST, compared
from .given import SETTLE, Given
from .ledger import Ledger
from .patience import Pace
from .round import Round

log = logging.getLogger(__name__)

FEW = 200  # resources of which all is asked for at once
STEP = 8  # resources of one step, if it is asked for parts
RATE = 40.0  # of them a second; and at most half of the time
COMPARED = 250  # resources of one step, if it has told everything
_REST = 0.01  # seconds after such a step
_SHARE = 100  # of the time, at most this part is spent on asking for everything;
_DOUBTED = 10  # this part, if something is doubtful
_IDLE = 1.0  # seconds until it is looked again whether there is anything to do
_AWAY = 0.5  # seconds after a question that was not answered, then twice as many


class Rounds:
    """Used by one thread, but for `doubt`. `heals`: whether giving everything anew could change
    anything; `tell` is called after each round with its beginning, in milliseconds, and what was
    served. Once it is `over`, nothing that comes is told any more: another one has begun."""

    def __init__(
        self,
        given: Given,
        ledger: Ledger,
        pace: Pace,
        *,
        heals: bool,
        tell: Callable[[int, Served], None],
        over: Callable[[], bool],
        name: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._given = given
        self._ledger = ledger
        self._pace = pace
        self._heals = heals
        self._tell = tell
        self._over = over
        self._name = name
        self._clock = clock
        self._round: Round | None = None
        self._next_at = 0.0  # of the next round
        self._sooner_at = 0.0  # if something is doubtful
        self._failures = 0  # questions in a row that were not answered
        now = self._clock()
        self._noted = dict(ledger.findings.differences)  # what was told of last
        # Key → what is different, seen since when. What an earlier shift found is looked at first.
        self._found = {key: (text, now) for key, text in self._noted.items()}
        self._due = dict.fromkeys(self._found, now)  # doubtful key → when it is looked at
        self._alone: set[str] = set()  # asked for by themselves: with others it failed
        self._heard: SimpleQueue[str] = SimpleQueue()
        self._upstreams: dict[str, tuple[str, ...]] = {}  # as they were last seen in parts
        self._routes: set[str] = set()
        self.anew = False  # it has served something else for long

    def doubt(self, key: str) -> None:
        """Perhaps the gateway does not have this as it was given. From any thread."""
        self._heard.put(key)

    def step(self, reader: Reader) -> float:
        """Look at some; return the seconds until the next step."""
        now = self._clock()
        self._hear(now)
        if not self._given.judgeable(now):
            return self._idle
        try:
            rest = self._look(reader, now)
        except DriverError as error:
            log.debug("%s: %s", self._name, error)
            self._failures += 1
            return float(min(self._pace.audit, _AWAY * 2 ** min(self._failures - 1, 10)))
        self._failures = 0
        return rest

    @property
    def _idle(self) -> float:
        return min(_IDLE, self._pace.audit)

    def _hear(self, now: float) -> None:
        while not self._heard.empty():
            key = self._heard.get()
            if len(self._due) < 2 * MOST:  # all others the round finds
                self._due.setdefault(key, now)
                self._due[key] = min(self._due[key], now)

    def _look(self, reader: Reader, now: float) -> float:
        parts = self._parts(reader)
        if parts and (some := self._doubtful(now)):
            try:
                return self._ask(parts, some)
            except Exception:  # likewise in a round: one holds up no other
                self._alone.update(some)
                raise
        if self._round is None:
            soon = self._due.keys() - self._found.keys()
            if now < (min(self._next_at, self._sooner_at) if soon else self._next_at):
                return self._idle
            self._begin(reader, parts)
        if self._round is None:
            return self._idle
        return self._go_on(self._round, parts)

    def _doubtful(self, now: float) -> list[str]:
        """The next ones that are to be looked at before their turn."""
        due = [key for key, at in self._due.items() if at <= now]
        some = due[:1]
        if some and some[0] not in self._alone:
            some = [key for key in due if key not in self._alone][:STEP]
        for key in some:
            self._due[key] = now + SETTLE  # unless it can be judged
        return some

    def _parts(self, reader: Reader) -> PartReader | None:
        if len(self._given) <= FEW or not isinstance(reader, PartReader):
            return None
        return reader if reader.served_of({}) is not None else None

    def _begin(self, reader: Reader, parts: PartReader | None) -> None:
        at, began = int(time.time() * 1000), self._clock()
        # Whatever comes of it: not again before that.
        self._next_at = self._sooner_at = began + self._pace.audit
        if parts:
            self._round = Round(self._given.keys(began), STEP, at=at)
            return
        served = reader.served()
        ended = self._clock()
        self._next_at = ended + max(self._pace.audit, _SHARE * (ended - began))
        self._sooner_at = ended + max(self._pace.audit, _DOUBTED * (ended - began))
        if served is not None:
            keys = {*self._given.keys(began), *served.upstreams, *served.routes, *self._due}
            self._round = Round(list(keys), COMPARED, at=at, told=served, asked_at=began)

    def _go_on(self, current: Round, parts: PartReader | None) -> float:
        some = current.next
        if some is None:
            self._round = None
            self._end(current)
        elif current.told is not None:
            if self._given.judgeable(current.asked_at):
                current.done()
                self._compare(some.keys, current.told, current.asked_at)
                return _REST
            self._round = None  # the gateway is given much: it told what it had before
        elif parts is not None:
            began = self._clock()
            try:
                rest = self._ask(parts, some.keys)
            except Exception:  # whatever it is: no question may keep all others from being asked
                current.failed()
                raise
            if self._given.judgeable(began):
                current.done()
            return rest
        else:
            self._round = None  # so few are left that all is asked for
        return self._idle

    def _ask(self, parts: PartReader, keys: list[str]) -> float:
        """Return the seconds to rest."""
        began = self._clock()
        served = parts.served_of(self._given.of(keys))
        took = self._clock() - began
        if served is not None and not self._over():
            for key in keys:
                self._upstreams.pop(key, None)
            self._upstreams.update(served.upstreams)
            self._routes.difference_update(keys)
            self._routes.update(served.routes)
            self._compare(keys, served, began)
        return max(len(keys) / RATE - took, took)

    def _compare(self, keys: list[str], served: Served, asked_at: float) -> None:
        """Of what cannot be judged now, what was found before stays."""
        if self._over():
            return
        settled = self._given.settled(keys, asked_at)
        part = Served(
            {key: served.upstreams[key] for key in settled if key in served.upstreams},
            frozenset(key for key in settled if key in served.routes),
        )
        different = compared({key: one for key, one in settled.items() if one}, part, ())
        lasting = ""
        for key in {**settled, **dict.fromkeys(self._given.excused(keys))}:
            before, since = self._found.pop(key, ("", asked_at))
            self._due.pop(key, None)
            self._alone.discard(key)
            if key in settled and key not in part.upstreams and key not in part.routes:
                self._given.seen_gone(key)
            text = different.get(key, "")
            if not text or len(self._found) >= MOST:
                continue
            if text != before:
                since = asked_at
            elif asked_at - since >= self._pace.audit:
                lasting = key
            self._found[key] = text, since
            self._due[key] = asked_at + self._pace.audit
        if self._texts != self._noted:
            self._note()
        if lasting and self._heals and not self.anew and self._ledger.heal():
            log.warning(
                "%s: %s is served otherwise for long, %d in all; giving everything anew",
                self._name,
                lasting,
                len(self._found),
            )
            self.anew = True

    def _end(self, current: Round) -> None:
        self._next_at = max(self._next_at, self._clock() + self._pace.audit)
        if self._over() or not current.said_enough:
            return
        self._note()
        if current.told is not None:
            self._tell(current.at, current.told)
            return
        known = self._given.keys(self._clock())
        seen = {key: self._upstreams[key] for key in known if key in self._upstreams}
        self._upstreams = seen
        self._routes &= set(known)
        self._tell(current.at, Served(dict(seen), frozenset(self._routes)))

    @property
    def _texts(self) -> dict[str, str]:
        return {key: text for key, (text, _since) in self._found.items()}

    def _note(self) -> None:
        self._noted = self._texts
        self._ledger.audited(int(time.time() * 1000), self._noted)
