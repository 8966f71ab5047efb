"""Asking a gateway when a change has arrived, so that its lag is the whole one.

A thread of its own, begun by the first change: the loop that applies changes is never delayed by
it. Of many changes at once a few are asked for: asking costs the gateway something, and one that is
asked for late would seem to have come late. A newer change of an upstream takes the older one's
place. What is not confirmed in time is asked for no more: it counts as late as that, and whoever
compares is told to look at it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from console.contract.wire import Upstream
from gateways.drivers.base import Changes, DriverError, NotAsked, Reader

from .ledger import Ledger

log = logging.getLogger(__name__)

MOST = 8  # changes that are asked for at a time
SPARE, REFILL = 20.0, 5.0  # changes asked for in a burst, and a second for long
LIMIT = 15.0  # seconds; later than all buckets of the histogram
FIRST, LONGEST = 0.002, 0.25  # seconds between two questions
_SILENT = 1.0  # seconds to wait when the gateway does not answer


@dataclass(slots=True)
class _Wanted:
    upstream: Upstream
    applied_at: int  # milliseconds
    until: float  # monotonic
    denied: bool = False  # the gateway has answered that it does not have it


class Confirmer:
    """`reader` makes what is asked; None: nothing can be asked. Then, if `counts_applying`, it is
    confirmed by that the driver's `apply` returned. `doubt` is told the keys of what was not
    confirmed in time."""

    def __init__(
        self,
        reader: Callable[[], Reader | None],
        ledger: Ledger,
        *,
        counts_applying: bool,
        doubt: Callable[[str], None],
        name: str,
    ) -> None:
        self._make = reader
        self._ledger = ledger
        self._counts_applying = counts_applying
        self._doubt = doubt
        self._name = name
        self._lock = threading.Condition()
        self._wanted: dict[str, _Wanted] = {}
        self._spare, self._spared_at = SPARE, time.monotonic()
        self._answered = False  # it has said yes or no to anything
        self._unaskable = False
        self._over = False
        self._thread: threading.Thread | None = None

    def applied(self, changes: dict[str, Upstream], at: int) -> None:
        """These have just been applied, at a moment in milliseconds."""
        if self._unaskable:
            for upstream in changes.values():
                self._count(upstream, None, at)
            return
        with self._lock:
            until = time.monotonic() + LIMIT
            for key, upstream in changes.items():
                if key in self._wanted or self._may_ask():
                    self._wanted[key] = _Wanted(upstream, at, until)
            if self._thread is None and self._wanted:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._lock.notify()

    def forget(self, changes: Changes) -> None:
        """These have changed too: if one has other nodes now, what is asked for never comes."""
        with self._lock:
            for key, one in changes.items():
                wanted = self._wanted.get(key)
                if wanted and getattr(one, "nodes", None) != wanted.upstream.nodes:
                    del self._wanted[key]

    def stop(self) -> None:
        with self._lock:
            self._over = True
            self._lock.notify()

    def join(self, seconds: float) -> None:
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        reader = self._open()
        pause = FIRST
        try:
            while self._await(pause):
                try:
                    pause = FIRST if self._ask(reader) else min(2 * pause, LONGEST)
                except DriverError:
                    pause = _SILENT
                except Exception:  # the outermost loop: lags are measured whatever came
                    log.exception("%s: asking failed; trying again", self._name)
                    pause = _SILENT
        finally:
            if reader is not None:
                reader.close()

    def _open(self) -> Reader | None:
        try:
            return self._make()
        except (DriverError, ValueError):
            return None

    def _await(self, pause: float) -> bool:
        """Wait for something to ask for, or until it may be asked for again."""
        with self._lock:
            if self._wanted and not self._over:
                self._lock.wait(pause)
            while not self._wanted and not self._over:
                self._lock.wait()
            now = time.monotonic()
            late = [key for key, one in self._wanted.items() if one.until < now]
            lost = {key: self._wanted.pop(key) for key in late}
            going = not self._over
        for key, one in lost.items() if going else ():
            if one.denied:  # of one that answered nothing it is not known
                since = int(time.time() * 1000) - one.upstream.observed_at
                self._ledger.lagged(max(since, int(LIMIT * 1000)))
            self._doubt(key)
        return going

    def _ask(self, reader: Reader | None) -> bool:
        """One round; tell whether any was confirmed. Who is denied or fails comes last in the next
        one: what a round can ask for may not suffice for all. Raises `DriverError` if nothing was
        answered."""
        with self._lock:
            wanted = dict(self._wanted)
        confirmed = answered = False
        failed: DriverError | None = None
        for key, one in wanted.items():
            try:
                answer = reader.confirms(one.upstream) if reader is not None else None
            except NotAsked:
                answered = True
                continue
            except DriverError as error:
                failed = error
                self._keep(key, one, last=True)
                if error.code == "unreachable":
                    break
                continue
            except Exception as error:  # one that breaks us must not keep us from the others
                log.exception("%s: asking failed; trying again", self._name)
                failed = DriverError(f"Asking failed: {error!r}")
                self._keep(key, one, last=True)
                continue
            answered = True
            if answer is False:
                one.denied = True
                self._keep(key, one, last=True)
                continue
            self._answered = self._answered or answer is not None
            self._unaskable = not self._answered
            self._count(one.upstream, answer, one.applied_at)
            confirmed = True
            self._keep(key, one, last=False)
        if failed is not None and not answered:
            raise failed
        return confirmed

    def _keep(self, key: str, one: _Wanted, *, last: bool) -> None:
        """Ask for it again after all others, or no more; unless a newer change took its place."""
        with self._lock:
            if self._wanted.get(key) is one:
                del self._wanted[key]
                if last:
                    self._wanted[key] = one

    def _count(self, upstream: Upstream, answer: bool | None, applied_at: int) -> None:
        if answer or self._counts_applying:
            at = int(time.time() * 1000) if answer else applied_at
            self._ledger.lagged(at - upstream.observed_at)

    def _may_ask(self) -> bool:
        """Whether one more may be asked for."""
        now = time.monotonic()
        self._spare = min(SPARE, self._spare + REFILL * (now - self._spared_at))
        self._spared_at = now
        if self._spare < 1 or len(self._wanted) >= MOST:
            return False
        self._spare -= 1
        return True
