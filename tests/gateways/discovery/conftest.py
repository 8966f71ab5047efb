"""A control plane's feed, its writer, and nginx with the discovery module on it."""

from __future__ import annotations

import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from console.contract import keys, wire
from console.contract.wire import Node, Upstream
from console.embedded import ports
from console.embedded.process import spawn
from console.embedded.valkey import Valkey
from console.feed.writer import FeedWriter
from console.redis import Client, connect
from tests.gateways.discovery.bed import Bed, require
from tests.threads import eventually


@pytest.fixture(autouse=True, scope="session")
def _nginx() -> None:
    require()


PASSWORD = "an-admins-secret"


class Server:
    """A Valkey of these tests' own, which may be stopped; it keeps nothing then."""

    def __init__(self, folder: Path) -> None:
        self._server = Valkey(folder, ports.free(), PASSWORD, durable=False)
        self._server.prepare()
        self.port = self._server.port
        self.socket = folder / "socket"
        self.url = self._server.url()
        self.client = connect(self.url)
        self.start()

    def start(self) -> None:
        command = [*self._server.command(), "--unixsocket", str(self.socket)]
        self._child = spawn(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._server.wait(lambda: None)

    def stop(self) -> None:
        self._child.kill()
        self._child.wait(10)

    def signal(self, number: signal.Signals) -> None:
        self._child.send_signal(number)

    @property
    def stopped(self) -> bool:
        return self._child.poll() is not None


@pytest.fixture(scope="session")
def _valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    valkey = Server(tmp_path_factory.mktemp("discovery-valkey"))
    yield valkey
    valkey.client.close()
    valkey.stop()


@pytest.fixture
def valkey(_valkey: Server) -> Server:
    """An empty Valkey; started again after a test that stopped it."""
    if _valkey.stopped:
        _valkey.start()
    _valkey.client.flushall()
    return _valkey


@dataclass
class Plane:
    """A control plane as its compiler publishes it."""

    client: Client
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    epoch: int = 1

    def __post_init__(self) -> None:
        self.keys = keys.feed(keys.control_plane(self.id))
        self.writer = self.taken_over()

    def taken_over(self) -> FeedWriter:
        writer = FeedWriter(self.client, self.keys, epoch=self.epoch)
        writer.open()
        return writer

    def publish(self, *upstreams: Upstream, gone: tuple[str, ...] = ()) -> str:
        """One commit; its position."""
        states = {keys.upstream(one.id): wire.encode(one) for one in upstreams}
        self.writer.commit({**states, **{keys.upstream(one): None for one in gone}}, always=True)
        return self.position

    def publish_all(self, *upstreams: Upstream) -> None:
        """After Redis lost the feed: everything that is true."""
        self.writer.replace({keys.upstream(one.id): wire.encode(one) for one in upstreams})

    @property
    def position(self) -> str:
        return f"{self.writer.epoch}-{self.writer.seq}"


def upstream(id: str, /, *to: int, **fields: object) -> Upstream:
    nodes = tuple(Node(host="127.0.0.1", port=port) for port in to)
    return Upstream(id=id, **({"name": id, "nodes": nodes} | fields))


@pytest.fixture
def plane(valkey: Server) -> Plane:
    return Plane(valkey.client)


Start = Callable[..., Bed]


@pytest.fixture
def start(plane: Plane, valkey: Server, tmp_path: Path) -> Iterator[Start]:
    """Start nginx for the plane; options as of `Bed`."""
    with ExitStack() as stack:

        def start(**options: object) -> Bed:
            options = {"redis_url": valkey.url, "control_plane": plane.id} | options
            return stack.enter_context(Bed(tmp_path / "nginx", **options))

        yield start


def serves(bed: Bed, name: str, *to: int, within: float = 5) -> None:
    """Wait until every worker has exactly these ports."""
    eventually(
        lambda: all(
            one["known"] and [node[1] for node in one["nodes"]] == list(to)
            for one in bed.looks(name).values()
        ),
        within=within,
        what=f"{name} at {to}: {bed.looks(name)} {bed.log}",
    )


def at(bed: Bed, position: str, *, within: float = 10) -> None:
    """Wait until every worker that is asked has this position."""
    found: dict[int, str] = {}

    def all_there() -> bool:
        status = bed.control("/status")[1]
        found[status["worker"]] = status.get("position", "")
        return len(found) == bed.workers and set(found.values()) == {position}

    eventually(all_there, within=within, what=f"at {position}: {found}")
