"""A reflector against a practice cluster, and what it has made of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from practice.testing import PracticeCluster
from registries.endpoints import EndpointStore
from registries.health import Status
from registries.intake import Intake
from registries.kube.client import Client
from registries.kube.errors import KubeError
from registries.kube.reflector import LIMITS, Limits, Reflector, Timing
from registries.kube.slices import ENDPOINT_SLICES, Endpoints, EndpointSlice, Resource
from registries.kube.spec import RegistrySpec

TIMING = Timing(
    watch_for=(60, 61), silence=20, short_watch=0.1, confirm_after=0.3, soon=30, healthy=0.2
)
Things = list[EndpointSlice | Endpoints]


def spec_of(cluster: PracticeCluster, **fields: Any) -> RegistrySpec:
    spec = RegistrySpec(
        id="1", name="tested", server=cluster.server, ca_bundle=cluster.ca, token=cluster.token
    )
    return replace(spec, **fields)


class Seen(Intake):
    """An intake that remembers every state it was in, and every failure."""

    def __init__(self, *, guarded: bool) -> None:
        self.store = EndpointStore()
        super().__init__(self.store, scopes=("",), guarded=guarded, allow_loopback=True)
        self.now: dict[str, list[str]] = {}
        self.fewest: dict[str, int] = {}
        self.failures: list[str] = []
        self.remarks: list[str] = []

    def replace(self, scope: str, things: Things) -> None:
        super().replace(scope, things)
        self._look()

    def put(self, thing: EndpointSlice | Endpoints) -> None:
        super().put(thing)
        self._look()

    def drop(self, thing: EndpointSlice | Endpoints) -> None:
        super().drop(thing)
        self._look()

    def failed(self, scope: str, error: KubeError) -> None:
        super().failed(scope, error)
        self.failures.append(error.code)

    def noticed(self, scope: str, error: KubeError) -> None:
        super().noticed(scope, error)
        self.remarks.append(error.code)

    def _look(self) -> None:
        for name, service in self.store.take().items():
            if service is None:
                del self.now[name]
                self.fewest[name] = 0
                continue
            found = [one.address for subset in service.subsets for one in subset.endpoints]
            self.now[name] = found
            self.fewest[name] = min(self.fewest.get(name, len(found)), len(found))


class Running:
    """What a test sees of it."""

    def __init__(self, cluster: PracticeCluster, reflector: Reflector, seen: Seen) -> None:
        self.cluster = cluster
        self.reflector = reflector
        self.seen = seen

    def of(self, name: str) -> list[str] | None:
        return self.seen.now.get(name)

    @property
    def status(self) -> Status:
        return self.seen.status()

    def lists(self) -> int:
        """Lists that were read; asking for one object proves a version and is none."""
        found = self.cluster.requests("list", self.reflector.resource.plural)
        return sum(one["params"].get("limit") != "1" for one in found)

    def watches(self) -> int:
        return len(self.cluster.requests("watch", self.reflector.resource.plural))


@contextmanager
def reflecting(
    cluster: PracticeCluster,
    *,
    timing: Timing = TIMING,
    resources: tuple[Resource, ...] = (ENDPOINT_SLICES,),
    guarded: bool = False,
    limits: Limits = LIMITS,
    streamed: bool = False,
    since: str = "",
    random: float = 0.0,
    label_selector: str = "",
    **fields: Any,
) -> Iterator[Running]:
    client = Client(spec_of(cluster, **fields), allow_loopback=True)
    seen, stop = Seen(guarded=guarded), threading.Event()
    reflector = Reflector(
        client,
        scope="",
        resources=resources,
        sink=seen,
        stop=stop,
        since=since,
        streamed=streamed,
        label_selector=label_selector,
        limits=limits,
        timing=timing,
        random=lambda: random,
    )
    thread = threading.Thread(target=reflector.run, daemon=True)
    thread.start()
    try:
        yield Running(cluster, reflector, seen)
    finally:
        stop.set()
        reflector.close()
        thread.join(5)
        client.close()
        assert not thread.is_alive(), "closing does not end it"
