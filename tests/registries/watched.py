"""A registry's whole watcher in a thread, and looks at what it has published."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from console.contract import keys, wire
from console.redis import Client
from practice.testing import PracticeCluster
from registries import health, watcher
from registries.health import Status
from registries.models import Registry
from registries.watcher import Pace
from tests.factories import make_registry
from tests.registries.reflecting import TIMING
from tests.threads import owned

PACE = Pace(look=20, verify=0.5, tell=0.5, reading=TIMING)


@contextmanager
def watching(registry: Registry, *, pace: Pace = PACE) -> Iterator[None]:
    registry_id = str(registry.pk)
    with owned(
        keys.registry(registry_id),
        claim_epoch=lambda: Registry.claim_epoch(registry_id),
        body=lambda ownership: watcher.watch(registry_id, ownership, pace=pace),
    ):
        yield


def registry_of(cluster: PracticeCluster, **fields: object) -> Registry:
    return make_registry(
        **{"server": cluster.server, "ca_bundle": cluster.ca, "token": cluster.token} | fields
    )


class Published:
    """What Redis holds of a registry."""

    def __init__(self, store: Client, registry: Registry) -> None:
        self._store = store
        self._id = str(registry.pk)
        self._feed = keys.feed(keys.registry(self._id))

    def of(self, name: str) -> list[str] | None:
        state = self._store.hget(self._feed.states, name)
        if state is None:
            return None
        service = wire.decode_service(state)
        return [one.address for subset in service.subsets for one in subset.endpoints]

    def names(self) -> set[str]:
        return {name.decode() for name in self._store.hkeys(self._feed.states)}

    @property
    def seq(self) -> int:
        return int(self._store.hget(self._feed.meta, "seq") or 0)

    @property
    def status(self) -> Status:
        return health.read([self._id])[self._id]
