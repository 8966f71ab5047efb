"""The gateways that `bench.propagation` measures, one after the other in the same house.

A kind's `begin` starts the gateway and says where clients reach it; `hops` are what it can tell
besides the first answer. What a kind needs and this machine lacks is a sentence, not a failure.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from bench.parts import Broken, wait_for
from bench.parts_cluster import ClusterProcess
from bench.parts_house import House, end
from bench.parts_published import HOST
from console.embedded.process import spawn

if TYPE_CHECKING:
    from gateways.models import Gateway

APPLIED = "driver done"


class Missing(Exception):
    """This kind cannot be measured here, and why."""


@dataclass
class Bed:
    """Where a gateway is started. What is entered into `stack` ends with it."""

    house: House
    cluster: ClusterProcess
    control_plane: Any
    port: int  # of the replicas
    upstream: str  # the id of the patched service's
    stack: ExitStack = field(default_factory=ExitStack)

    def gateway(self, kind: str, settings: dict[str, Any], secret: str = "") -> Gateway:
        """A gateway's row, so that a worker drives it."""
        from console.secrets import Secret
        from gateways import actions
        from gateways.models import Gateway

        row = Gateway(
            control_plane=self.control_plane,
            name=f"{kind}-{time.time_ns()}",
            kind=kind,
            settings=settings,
            secret=Secret(secret),
        )
        actions.create_gateway(gateway=row, actor=None)
        self.stack.callback(actions.delete_gateway, gateway=row, actor=None)
        return row

    def wait_for(self, condition: Callable[[], bool], what: str) -> None:
        wait_for(condition, within=120, what=what)

    def folder(self, name: str) -> Path:
        return Path(self.house.folder) / f"{name}-{time.time_ns()}"

    def program(self, argv: list[str], cwd: Path, stop: signal.Signals = signal.SIGTERM) -> Any:
        cwd.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = self.stack.enter_context((cwd / "log").open("ab"))
        child = spawn(argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.stack.callback(end, child, stop)
        return child


class Edge:
    """One kind. `driven`: a worker's driver takes part in every change."""

    name: ClassVar[str]
    driven: ClassVar[bool] = True

    def __init__(self, bed: Bed) -> None:
        self.bed = bed
        self.host = HOST  # what clients ask for
        self.row: Gateway | None = None

    def begin(self) -> int:
        """Start it; the port that clients ask. Raises `Missing`."""
        raise NotImplementedError

    def hops(self, sent: float) -> dict[str, float]:
        """Moments of a change that was sent at one, besides the first answer."""
        return {APPLIED: self.applied(sent)} if self.driven else {}

    def in_sync(self) -> bool:
        """Whether the driver has brought the gateway up to the feed."""
        from gateways import health

        if self.row is None:
            return False
        return health.read([str(self.row.pk)])[str(self.row.pk)].applied != ""

    def says(self) -> str:
        """What its driver last said went wrong."""
        from gateways import health

        return health.read([str(self.row.pk)])[str(self.row.pk)].text if self.row else ""

    def applied(self, after: float) -> float:
        """When the driver had done the change that was sent at a moment."""
        from gateways import health

        if self.row is None:
            raise Broken(f"{self.name} has no driver.")
        row = str(self.row.pk)
        return first_after(
            after,
            lambda: health.read([row])[row].applied_at,
            f"The driver of {self.name} never said that it is done.",
        )


def first_after(after: float, said: Callable[[], int], why_not: str) -> float:
    """What somebody says in milliseconds of the wall clock, as a moment, once it is after one."""
    apart, until = time.time() - time.perf_counter(), time.monotonic() + 10
    while time.monotonic() < until:
        at = said() / 1000 - apart
        if at > after:
            return at
        time.sleep(0.01)
    raise Broken(why_not)
