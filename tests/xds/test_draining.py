"""What runs when its node goes: a real Envoy lets it end, and sends nothing new there."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from msgspec.structs import replace

from console.contract import keys, wire
from console.contract.wire import Node, Timeouts, Upstream
from tests.gateways.conftest import Serve
from tests.threads import eventually

from .bed import Bed
from .conftest import Feed, route, upstream
from .test_warming import has_all

pytestmark = pytest.mark.slow
LONG = 40.0


class Slow:
    """A node that answers when told to, and says back what it hears after an upgrade."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.place = f"127.0.0.1:{self._listening.getsockname()[1]}"
        self.asked = 0
        self.may_answer = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self.may_answer.set()
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                came, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(came,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while head := _head(connection):
                self.asked += 1
                if b"upgrade: websocket" in head.lower():
                    connection.sendall(
                        b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
                    )
                    while heard := connection.recv(100):
                        connection.sendall(heard)
                    return
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nbegun")
                self.may_answer.wait(LONG)
                connection.sendall(b"ended")


def _head(connection: socket.socket) -> bytes:
    found = b""
    while b"\r\n\r\n" not in found:
        more = connection.recv(4096)
        if not more:
            return b""
        found += more
    return found


@pytest.fixture
def slow() -> Iterator[Slow]:
    made = Slow()
    yield made
    made.close()


@pytest.fixture
def node(serve: Serve) -> str:
    return f"127.0.0.1:{serve('127.0.0.1')}"


@pytest.fixture
def running(bed: Bed, feed: Feed, slow: Slow) -> Bed:
    feed.put(upstream(1, slow.place), route(1, websocket=True))
    bed.start_server()
    bed.start_envoy()
    eventually(lambda: bed.get("nobody.org")[0] == 404, within=LONG, what=bed.text())
    eventually(lambda: has_all(feed), within=LONG)
    return bed


def opened(bed: Bed, slow: Slow, *lines: str) -> socket.socket:
    """A request that has reached the slow node, and got the beginning of its answer."""
    asked = slow.asked
    made = socket.create_connection(("127.0.0.1", bed.port), timeout=LONG)
    made.sendall("\r\n".join(["GET / HTTP/1.1", "Host: h1.org", *lines, "", ""]).encode())
    eventually(lambda: slow.asked > asked, within=LONG)
    return made


def told(connection: socket.socket, end: bytes) -> bytes:
    found = b""
    while end not in found and (more := connection.recv(4096)):
        found += more
    return found


def weightless(feed: Feed) -> Node:
    """The node that upstream 1 has."""
    state = wire.decode_resource(feed.states[keys.upstream("u1")])
    assert isinstance(state, Upstream)
    return replace(state.nodes[0], weight=0)


Change = Callable[[Feed, str], None]
CHANGES: dict[str, Change] = {
    "its node goes": lambda feed, other: feed.put(upstream(1, other)),
    "its node weighs nothing": lambda feed, other: feed.put(
        replace(upstream(1, other), nodes=(weightless(feed), *upstream(1, other).nodes))
    ),
    "the last node goes": lambda feed, _other: feed.put(upstream(1)),
    "its upstream is made anew": lambda feed, other: feed.put(
        upstream(1, other, timeouts=Timeouts(connect=2_000))
    ),
    "its route leads elsewhere": lambda feed, other: (
        feed.put(upstream(2, other), route(1, upstream="u2", websocket=True)),
        feed.drop("upstream/u1"),
    )[0],
    "its route goes": lambda feed, _other: feed.drop("route/r1", "upstream/u1"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_runs_ends_when(
    running: Bed, feed: Feed, slow: Slow, node: str, change: Change
) -> None:
    request = opened(running, slow)
    upgraded = opened(running, slow, "Connection: Upgrade", "Upgrade: websocket")
    with request, upgraded:
        assert told(request, b"begun").startswith(b"HTTP/1.1 200")
        assert told(upgraded, b"\r\n\r\n").startswith(b"HTTP/1.1 101")
        asked = slow.asked
        change(feed, node)
        eventually(lambda: has_all(feed), within=LONG)
        for _ in range(20):
            running.get("h1.org")
        assert slow.asked == asked, "nothing new goes there"
        time.sleep(1.0)
        upgraded.sendall(b"still there?")
        assert told(upgraded, b"there?") == b"still there?"
        slow.may_answer.set()
        assert told(request, b"ended") == b"ended"
