"""A house in which everything is well, to be spoilt by one test or another."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from console.contract import wire
    from console.redis import Client
    from console.ui.troubles import Trouble

    from .conftest import Publish, Rows


def now() -> int:
    return int(time.time() * 1000)


class Scene:
    """Writes what workers would write. `troubles` are the codes that are told, the worst first."""

    def __init__(self, rows: Rows, store: Client, publish: Publish) -> None:
        self.rows = rows
        self.store = store
        self._publish = publish
        self.position = "0-0"

    def all_well(self, *services: wire.Service) -> None:
        self.workers()
        self._publish(self.rows.registry, *services, **figures())
        self.compiled(nodes=2)
        self.gateway()

    def workers(self, *kinds: str) -> None:
        from console import crew

        member = crew.Member(kinds=kinds or ("registry", "control-plane", "gateway"), most=100)
        crew.say(self.store, "worker-1", member, ttl=60)
        self.compiler(held=True)

    def compiler(self, *, held: bool) -> None:
        from console.contract import keys

        key = keys.lease(keys.control_plane(str(self.rows.plane.pk)))
        self.store.set(key, "worker-1") if held else self.store.delete(key)

    def registry(self, **status: object) -> None:
        from registries import health

        said = {"phase": "connected", "since": now(), "said_at": now()} | figures() | status
        health.write(self.store, str(self.rows.registry.pk), health.Status(**said))  # type: ignore[arg-type]

    def gateway(self, **status: object) -> None:
        from gateways import health

        said = {
            "phase": "in_sync",
            "since": now(),
            "said_at": now(),
            "applied": self.position,
            "applied_at": now(),
            "lag_ms": 7,
            "resources": 2,
        } | status
        health.write(self.store, str(self.rows.gateway.pk), health.Status(**said))  # type: ignore[arg-type]

    def compiled(self, *, nodes: int, at: Callable[[], float] = time.time, **values: Any) -> None:
        """Commit the application's upstream with so many nodes."""
        from console.contract import keys, wire
        from console.feed import FeedWriter

        upstream = str(self.rows.application.upstreams.get().pk)
        state = wire.Upstream(
            id=upstream,
            name="x",
            nodes=tuple(wire.Node(host=f"10.0.0.{n}", port=80) for n in range(1, nodes + 1)),
            **values,
        )
        feed = keys.feed(keys.control_plane(str(self.rows.plane.pk)))
        writer = FeedWriter(self.store, feed, epoch=1, now=at)
        writer.open()
        writer.commit({keys.upstream(upstream): wire.encode(state)}, always=True)
        self.position = f"1-{writer.seq}"

    @property
    def found(self) -> list[Trouble]:
        from console.overview import troubles

        return troubles.gather(self.rows.plane)

    @property
    def troubles(self) -> list[str]:
        return [one.code for one in self.found]


def figures() -> dict[str, Any]:
    """Of a worker that publishes quickly: nine of ten commits within a millisecond, one in 25."""
    return {
        "services": 1,
        "endpoints": 3,
        "commits": 100,
        "lag_ms": 3,
        "lag_counts": (90, 0, 0, 0, 10, *(0,) * 9),
        "event_at": now(),
    }
