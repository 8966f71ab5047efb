"""Looking beside a driver at what its gateway says: who runs, when changes arrive, what is served.

Threads of their own, one that looks and one that confirms, so that a gateway that answers slowly,
or not at all, delays no change. They only ask; what they find is on the news, and if the gateway
serves something else for two looks although nothing was changed, everything is given anew.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress

from console.contract.wire import Resource
from gateways.drivers.base import Changes, DriverError, Process, Reader

from .comparing import compared
from .confirmer import Confirmer
from .ledger import Findings, Ledger
from .patience import Pace

log = logging.getLogger(__name__)

# Seconds that a gateway may take to serve what it was given; until then it is no difference.
SETTLE = 5.0
_SHARE = 10  # of the time, at most this part is spent on asking what is served
_STOPPING = 1.0  # seconds to wait for a thread that is asking


class Auditor:
    """One a shift; `ledger` outlives it. `report` is told who runs, with the position and moment
    of what was applied, and what keeps a process from being asked; its errors are its own.
    `heals`: whether giving everything anew could change anything; `measures`: whether what was
    applied has arrived, or can be asked for; `counts_applying`: whether it has arrived if it cannot
    be asked for."""

    def __init__(
        self,
        *,
        reader: Callable[[], Reader | None],
        ledger: Ledger,
        report: Callable[[list[Process], str, int, str], None],
        pace: Pace,
        heals: bool = True,
        measures: bool = True,
        counts_applying: bool = True,
        name: str = "auditor",
    ) -> None:
        self._make = reader
        self._ledger = ledger
        self._report = report
        self._pace = pace
        self._heals = heals
        self._measures = measures
        self._name = name
        self._confirmer = Confirmer(
            reader, ledger, counts_applying=counts_applying, name=f"{name} confirms"
        )
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._over = threading.Event()
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._compiled: dict[str, Resource] = {}
        self._refused: frozenset[str] = frozenset()
        self._changed: dict[str, float] = {}  # key → when, of changes that may be under way
        self._position, self._at = "", 0
        self._processes: list[Process] = []
        self._lasting: dict[str, str] = {}
        self._anew = False

    def __enter__(self) -> Auditor:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._wake.set()
        self._confirmer.stop()
        self._thread.join(_STOPPING)
        self._confirmer.join(_STOPPING)

    @property
    def findings(self) -> Findings:
        return self._ledger.findings

    def replaced(
        self, whole: Mapping[str, Resource], position: str, refused: Collection[str]
    ) -> None:
        """The gateway has been given exactly these."""
        with self._lock:
            self._compiled = {}
        self.applied(whole, position, refused)

    def applied(self, changes: Changes, position: str, refused: Collection[str]) -> None:
        """The gateway has been given these. Costs what changed."""
        now, at = time.monotonic(), int(time.time() * 1000)
        with self._lock:
            for key, one in changes.items():
                self._changed[key] = now
                if one is None:
                    self._compiled.pop(key, None)
                else:
                    self._compiled[key] = one
            self._refused = frozenset(refused)
            self._position, self._at = position, at
        real = self._ledger.real(changes)
        if self._measures:
            taken = {key: one for key, one in real.items() if key not in self._refused}
            self._confirmer.applied(taken, at)
        self._wake.set()

    def moved(self, position: str) -> None:
        """The feed went on without changing anything."""
        with self._lock:
            self._position = position

    def wants_all_anew(self) -> bool:
        """Whether the gateway serves something else and has done so for long."""
        return self._anew

    def _run(self) -> None:
        reader: Reader | None = None
        self._wake.wait()  # until there is something to look for
        report_at = time.monotonic()
        audit_at = report_at + self._pace.audit
        try:
            while not self._over.is_set():
                reader = reader or self._open()
                now = time.monotonic()
                if now >= report_at:
                    report_at = now + self._pace.report
                    self._guarded(self._look, reader)
                if now >= audit_at:
                    took = self._guarded(self._audit, reader)
                    # Great gateways are asked less often.
                    audit_at = time.monotonic() + max(self._pace.audit, _SHARE * took)
                self._over.wait(max(0.0, min(report_at, audit_at) - time.monotonic()))
        finally:
            if reader is not None:
                reader.close()

    def _open(self) -> Reader | None:
        with suppress(DriverError, ValueError):
            return self._make()
        return None

    def _guarded(self, work: Callable[[Reader | None], None], reader: Reader | None) -> float:
        """Return the seconds that it took."""
        began = time.monotonic()
        try:
            work(reader)
        except DriverError as error:
            log.debug("%s: %s", self._name, error)
        except Exception:  # the outermost loop: an odd answer must not end all looking
            log.exception("%s: looking failed; trying again", self._name)
        return time.monotonic() - began

    def _look(self, reader: Reader | None) -> None:
        """Who runs."""
        silent = ""
        try:
            if reader is not None:
                self._processes = reader.processes()
        except DriverError as error:
            silent = str(error)
        if not self._over.is_set():
            self._report(self._processes, self._position, self._at, silent)

    def _audit(self, reader: Reader | None) -> None:
        """What is served, beside what was given."""
        began = time.monotonic()
        served = reader.served() if reader is not None else None
        if served is None or self._over.is_set():
            return
        with self._lock:
            self._changed = {key: at for key, at in self._changed.items() if at > began - SETTLE}
            left_out = self._refused | self._changed.keys()
            compiled = dict(self._compiled)
        found = compared(compiled, served, left_out)
        self._ledger.audited(int(time.time() * 1000), found)
        lasting = [key for key, text in found.items() if self._lasting.get(key) == text]
        self._lasting = found
        if lasting and self._heals and self._ledger.heal():
            log.warning(
                "%s: %s is served otherwise for long, %d in all; giving everything anew",
                self._name,
                lasting[0],
                len(found),
            )
            self._anew = True
