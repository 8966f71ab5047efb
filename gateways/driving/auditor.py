"""Looking beside a driver at what its gateway says: who runs, when changes arrive, what is served.

Threads of their own, one that looks and one that confirms, so that a gateway that answers slowly,
or not at all, delays no change. They only ask; what they find is on the news, and if the gateway
serves something else for two looks although nothing was changed, everything is given anew
(`rounds`).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress

from console.contract.wire import Resource
from gateways.drivers.base import Changes, DriverError, Process, Reader, Served

from .confirmer import Confirmer
from .given import Given
from .ledger import Findings, Ledger
from .patience import Pace
from .rounds import Rounds

log = logging.getLogger(__name__)

_STOPPING = 1.0  # seconds to wait for a thread that is asking


class Auditor:
    """One a shift; `ledger` outlives it. `report` is told who runs, with the position and moment
    of what was applied, and what keeps a process from being asked; its errors are its own.
    `heals`: whether giving everything anew could change anything; `measures`: whether what was
    applied has arrived, or can be asked for; `counts_applying`: whether it has arrived if it cannot
    be asked for; `tell` is told after each round what is served, with its beginning in ms."""

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
        tell: Callable[[int, Served], None] = lambda _at, _served: None,
        name: str = "auditor",
    ) -> None:
        self._make = reader
        self._ledger = ledger
        self._report = report
        self._pace = pace
        self._measures = measures
        self._name = name
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._over = threading.Event()
        self._wake = threading.Event()
        self._given = Given()
        self._rounds = Rounds(
            self._given, ledger, pace, heals=heals, tell=tell, over=self._over.is_set, name=name
        )
        self._confirmer = Confirmer(
            reader,
            ledger,
            counts_applying=counts_applying,
            doubt=self._rounds.doubt,
            name=f"{name} confirms",
        )
        self._position, self._at = "", 0
        self._processes: list[Process] = []
        self._rest = 0.0  # seconds until the next step of a round

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
        self,
        whole: Mapping[str, Resource],
        position: str,
        refused: Collection[str],
        *,
        left: int = 0,
    ) -> None:
        """The gateway has been given exactly these."""
        self._given.clear()
        self.applied(whole, position, refused, left=left)

    def applied(
        self, changes: Changes, position: str, refused: Collection[str], *, left: int = 0
    ) -> None:
        """The gateway has been given these, and has everything up to the position; `left` of what
        it was given is still on its way. `refused`: all keys of which whatever it has is no fault.
        Costs what changed."""
        at = int(time.time() * 1000)
        self._given.note(changes, refused, at=time.monotonic(), whole=not left)
        self._position = position
        if not left:
            self._at = at
        real = self._ledger.real(changes)
        if self._measures:
            taken = {key: one for key, one in real.items() if key not in refused}
            self._confirmer.forget({key: changes[key] for key in changes.keys() - taken.keys()})
            if taken:
                self._confirmer.applied(taken, at)
        self._wake.set()

    def moved(self, position: str) -> None:
        """The feed went on without changing anything."""
        self._position = position

    def wants_all_anew(self) -> bool:
        """Whether the gateway serves something else and has done so for long."""
        return self._rounds.anew

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
                    self._rest = self._pace.audit
                    self._guarded(self._audit, reader)
                    audit_at = time.monotonic() + self._rest
                self._over.wait(max(0.0, min(report_at, audit_at) - time.monotonic()))
        finally:
            if reader is not None:
                reader.close()

    def _open(self) -> Reader | None:
        with suppress(DriverError, ValueError):
            return self._make()
        return None

    def _guarded(self, work: Callable[[Reader | None], None], reader: Reader | None) -> None:
        try:
            work(reader)
        except DriverError as error:
            log.debug("%s: %s", self._name, error)
        except Exception:  # the outermost loop: an odd answer must not end all looking
            log.exception("%s: looking failed; trying again", self._name)

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
        """Some of what is served, beside what was given."""
        if reader is not None:
            self._rest = self._rounds.step(reader)
