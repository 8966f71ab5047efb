"""A compiler in a thread, beside registries whose feeds the test writes itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from applications import follower
from applications.follower import Pace
from console.contract import keys, wire
from console.feed import FeedWriter
from console.models import ControlPlane
from console.ownership import Ownership
from console.redis import Client
from registries.models import Registry
from tests.factories import make_control_plane, make_registry
from tests.threads import owned

PACE = Pace(look=20, verify=0.5, patience=1.0)


class Discovered:
    """A registry's feed, as its watcher writes it."""

    def __init__(self, store: Client, registry: Registry) -> None:
        self.row = registry
        self.writer = FeedWriter(store, keys.feed(keys.registry(str(registry.pk))), epoch=1)
        self.writer.open()

    def put(self, name: str, *addresses: str, observed_at: int = 0) -> None:
        namespace, _, service = name.partition("/")
        ports = (wire.Port(port=8080, name="80-80"),)
        endpoints = tuple(wire.Endpoint(address=one) for one in addresses)
        state = wire.Service(
            namespace=namespace,
            name=service,
            subsets=(wire.Subset(ports=ports, endpoints=endpoints),) if endpoints else (),
            observed_at=observed_at,
        )
        self.writer.commit({name: wire.encode(state)}, always=True)

    def drop(self, name: str) -> None:
        self.writer.commit({name: None})


class Compiled:
    """What Redis holds of a control plane."""

    def __init__(self, store: Client, plane: ControlPlane) -> None:
        self._store = store
        self.feed = keys.feed(keys.control_plane(str(plane.pk)))

    def resources(self) -> dict[str, wire.Resource]:
        found = self._store.hgetall(self.feed.states)
        return {key.decode(): wire.decode_resource(state) for key, state in found.items()}

    def routes(self) -> dict[str, wire.Route]:
        found = self.resources().values()
        return {one.name: one for one in found if isinstance(one, wire.Route)}

    def hosts(self) -> dict[str, list[str]]:
        """The nodes of every upstream, by its name."""
        found = self.resources().values()
        return {
            one.name: [node.host for node in one.nodes]
            for one in found
            if isinstance(one, wire.Upstream)
        }

    @property
    def seq(self) -> int:
        return int(self._store.hget(self.feed.meta, "seq") or 0)


Compiling = Callable[..., AbstractContextManager[Compiled]]


@pytest.fixture
def plane(transactional_db: None) -> ControlPlane:
    return make_control_plane()


@pytest.fixture
def registry(plane: ControlPlane, store: Client) -> Discovered:
    return Discovered(store, make_registry(control_plane=plane))


@pytest.fixture
def compiling(store: Client, plane: ControlPlane) -> Compiling:
    plane_id = str(plane.pk)

    @contextmanager
    def start(
        *, pace: Pace = PACE, around: Callable[[], AbstractContextManager[object]] | None = None
    ) -> Iterator[Compiled]:
        def body(ownership: Ownership) -> None:
            if around is None:
                follower.compile_(plane_id, ownership, pace=pace)
            else:
                with around():
                    follower.compile_(plane_id, ownership, pace=pace)

        with owned(
            keys.control_plane(plane_id),
            claim_epoch=lambda: ControlPlane.claim_epoch(plane_id),
            body=body,
        ):
            yield Compiled(store, plane)

    return start
