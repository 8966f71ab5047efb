"""The gateways that `bench.propagation` measures, one after the other in the same house.

A kind's `begin` starts the gateway and says where clients reach it; `hops` are what it can tell
besides the first answer. What a kind needs and this machine lacks is a sentence, not a failure.
"""

from __future__ import annotations

import signal
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from bench.parts import Broken
from bench.parts_cluster import ClusterProcess
from bench.parts_house import House, end
from console.embedded import ports
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
    services: int
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
        self.row: Gateway | None = None

    def begin(self) -> int:
        """Start it; the port that clients ask. Raises `Missing`."""
        raise NotImplementedError

    @property
    def hops(self) -> tuple[str, ...]:
        return (APPLIED,) if self.driven else ()

    def applied(self, after: float) -> float:
        """When the driver had done the change that was sent at a moment."""
        from gateways import health

        if self.row is None:
            raise Broken(f"{self.name} has no driver.")
        apart, until = time.time() - time.perf_counter(), time.monotonic() + 10
        while time.monotonic() < until:
            at = health.read([str(self.row.pk)])[str(self.row.pk)].applied_at / 1000 - apart
            if at > after:
                return at
            time.sleep(0.01)
        raise Broken(f"The driver of {self.name} never said that it is done.")


class TraefikTree(Edge):
    """Traefik on its tree in Redis."""

    name = "traefik"

    def begin(self) -> int:
        from console.embedded.traefik import Traefik

        url, root = self.bed.house.redis_url(2), f"t{time.time_ns()}"
        port = ports.free()
        server = Traefik(
            folder=self.bed.folder("traefik"),
            host="127.0.0.1",
            port=port,
            api_port=ports.free(),
            redis_url=url,
            root_key=root,
        )
        server.prepare()
        password = url.partition("://:")[2].partition("@")[0]
        plain = url.replace(f":{password}@", "")
        self.row = self.bed.gateway("traefik", {"redis_url": plain, "root_key": root}, password)
        self.bed.program(server.command(), server.folder)
        server.wait(lambda: None)
        return port


EDGES: dict[str, type[Edge]] = {one.name: one for one in (TraefikTree,)}
