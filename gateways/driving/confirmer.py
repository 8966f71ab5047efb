"""Asking a gateway when a change has arrived, so that its lag is the whole one.

A thread of its own, begun by the first change: the loop that applies changes is never delayed by
it. Of many changes it asks for the newest; what is not confirmed in time is asked for no more.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from console.contract.wire import Upstream
from gateways.drivers.base import DriverError, Reader

from .ledger import Ledger

log = logging.getLogger(__name__)

MOST = 32  # changes that are asked for at a time
LIMIT = 15.0  # seconds; later than all buckets of the histogram
FIRST, LONGEST = 0.001, 0.25  # seconds between two questions
_SILENT = 1.0  # seconds to wait when the gateway does not answer


@dataclass(frozen=True, slots=True)
class _Wanted:
    upstream: Upstream
    applied_at: int  # milliseconds
    until: float  # monotonic


class Confirmer:
    """`reader` makes what is asked; None: nothing can be asked. Then, if `counts_applying`, it is
    confirmed by that the driver's `apply` returned."""

    def __init__(
        self,
        reader: Callable[[], Reader | None],
        ledger: Ledger,
        *,
        counts_applying: bool,
        name: str,
    ) -> None:
        self._make = reader
        self._ledger = ledger
        self._counts_applying = counts_applying
        self._name = name
        self._lock = threading.Condition()
        self._wanted: dict[str, _Wanted] = {}
        self._over = False
        self._thread: threading.Thread | None = None

    def applied(self, changes: dict[str, Upstream], at: int) -> None:
        """These have just been applied, at a moment in milliseconds."""
        if not changes:
            return
        with self._lock:
            until = time.monotonic() + LIMIT
            for key, upstream in changes.items():
                self._wanted.pop(key, None)
                self._wanted[key] = _Wanted(upstream, at, until)
            while len(self._wanted) > MOST:
                del self._wanted[next(iter(self._wanted))]
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._lock.notify()

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
            for key in [key for key, one in self._wanted.items() if one.until < now]:
                del self._wanted[key]
            return not self._over

    def _ask(self, reader: Reader | None) -> bool:
        """One round; tell whether any was confirmed."""
        with self._lock:
            wanted = dict(self._wanted)
        any_confirmed = False
        for key, one in wanted.items():
            answer = reader.confirms(one.upstream) if reader is not None else None
            if answer is False:
                continue
            at = one.applied_at if answer is None else int(time.time() * 1000)
            if answer or self._counts_applying:
                self._ledger.lagged(at - one.upstream.observed_at)
            any_confirmed = True
            with self._lock:
                if self._wanted.get(key) is one:
                    del self._wanted[key]
        return any_confirmed
