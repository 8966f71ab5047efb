"""Servers, Envoys and clients for the tests of xDS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from console import redis
from console.contract import keys, wire
from console.contract.wire import Node, Resource, Route, Upstream
from console.feed import FeedWriter
from console.redis import Client
from gateways.drivers.envoy import Settings
from gateways.xds.running import Running
from gateways.xds.server import Row, Server
from tests.gateways.conftest import serve
from tests.xds.bed import Bed
from tests.xds.client import Delta

__all__ = ["serve"]

PLANE, GATEWAY = "plane-1", "bed"


class Feed:
    """The feed of a control plane, written by hand."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.states: dict[str, bytes] = {}
        self.writer = FeedWriter(client, keys.feed(keys.control_plane(PLANE)), epoch=1)
        self.writer.open()

    def put(self, *resources: Resource) -> None:
        changes = {
            (keys.upstream if isinstance(one, Upstream) else keys.route)(one.id): wire.encode(one)
            for one in resources
        }
        self.states |= changes
        self.writer.commit(changes, always=True)

    def drop(self, *names: str) -> None:
        self.writer.commit(dict.fromkeys(names), always=True)

    def again(self) -> None:
        """As the compiler does when Redis was emptied."""
        self.writer = FeedWriter(self.client, keys.feed(keys.control_plane(PLANE)), epoch=2)
        self.writer.open()
        self.writer.replace(self.states)


def upstream(number: int, *places: str, **fields: object) -> Upstream:
    """With nodes ``host:port``."""
    split = [urlsplit(f"//{place}") for place in places]
    nodes = tuple(Node(host=one.hostname or "", port=one.port or 80) for one in split)
    return Upstream(id=f"u{number}", name=f"u{number}", nodes=nodes, **fields)


def route(number: int, **fields: object) -> Route:
    values = {"upstream": f"u{number}", "hosts": (f"h{number}.org",)} | fields
    return Route(id=f"r{number}", name=f"app/r{number}", **values)


@pytest.fixture
def feed(store: Client) -> Feed:
    return Feed(store)


@pytest.fixture
def bed(store: Client, tmp_path: Path) -> Iterator[Bed]:
    """Nothing of it is started yet."""
    made = Bed(tmp_path / "bed", settings.REDIS_URL, PLANE, gateway=GATEWAY)
    yield made
    made.end()


@pytest.fixture
def rows() -> dict[str, Row]:
    one = Settings(address="127.0.0.1", port=9)
    return {GATEWAY: Row(id=GATEWAY, control_plane=PLANE, enabled=True, settings=one)}


@pytest.fixture
def server(store: Client, rows: dict[str, Row]) -> Iterator[Running]:
    """A server in this process, which reads `rows`."""
    made = Running(
        Server(lambda: redis.connect(settings.REDIS_URL), lambda _anew: dict(rows)), "127.0.0.1", 0
    )
    yield made
    made.stop()


Connect = Callable[..., Delta]


@pytest.fixture
def connect(server: Running) -> Iterator[Connect]:
    """Come as an Envoy would."""
    made: list[Delta] = []

    def one(**options: object) -> Delta:
        made.append(Delta(f"127.0.0.1:{server.port}", **({"gateway": GATEWAY} | options)))
        return made[-1]

    yield one
    for client in made:
        client.close()
