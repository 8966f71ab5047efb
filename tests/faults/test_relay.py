"""The relay itself: each trouble is what it says, or no test that uses it says anything."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.relay import Relay, Trouble
from tests.threads import eventually


class Echo:
    """A server that answers each line with itself, and ends a connection when told `end`
    or `reset`."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listener.getsockname()
        self.heard: list[bytes] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=self._listener.accept()[:1]).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            while (line := client.recv(1000)) not in (b"", b"end"):
                if line == b"reset":
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                self.heard.append(line)
                client.sendall(line)


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    yield server
    server.close()


@pytest.fixture
def relay(echo: Echo) -> Iterator[Relay]:
    made = Relay(echo.address)
    yield made
    made.close()


@pytest.fixture
def client(relay: Relay) -> Iterator[socket.socket]:
    with connect(relay) as made:
        assert ask(made) == b"hello"
        yield made


def connect(relay: Relay) -> socket.socket:
    return socket.create_connection(("127.0.0.1", relay.port), timeout=20)


def ask(client: socket.socket, word: bytes = b"hello") -> bytes:
    client.sendall(word)
    return client.recv(1000)


def hears_nothing(client: socket.socket) -> None:
    client.settimeout(0.3)
    with pytest.raises(TimeoutError):
        client.recv(1000)
    client.settimeout(20)


def test_refused_is_refused_and_the_port_stays_its_own(relay: Relay, client: socket.socket) -> None:
    relay.be(Trouble(refuse=True))
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    with pytest.raises(ConnectionRefusedError):
        connect(relay)
    relay.clear()
    with connect(relay) as other:
        assert ask(other) == b"hello"


def test_reset_is_no_fin(relay: Relay, client: socket.socket) -> None:
    relay.be(Trouble(end="rst"))
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    with pytest.raises(ConnectionResetError), connect(relay) as other:
        other.recv(1)


def test_fin_is_no_reset(relay: Relay, client: socket.socket) -> None:
    relay.be(Trouble(end="fin"))
    assert client.recv(1) == b""
    with connect(relay) as other:
        assert other.recv(1) == b""


def test_a_hole_swallows_both_ways_and_gives_nothing_back(
    echo: Echo, relay: Relay, client: socket.socket
) -> None:
    relay.be(Trouble(end="hole"))
    with connect(relay) as other:
        for one in (client, other):
            one.sendall(b"hello")
            hears_nothing(one)
        relay.clear()
        for one in (client, other):
            one.sendall(b"hello")
            hears_nothing(one)
        assert echo.heard == [b"hello"]
        relay.cut()
        for one in (client, other):
            with pytest.raises(ConnectionResetError):
                one.recv(1)
    eventually(lambda: relay.connections == 0)


def test_who_leaves_a_hole_is_forgotten(relay: Relay) -> None:
    relay.be(Trouble(end="hole"))
    connect(relay).close()
    eventually(lambda: relay.accepted == 1 and relay.connections == 0)


def test_latency_is_both_ways_and_is_no_throttle(relay: Relay, client: socket.socket) -> None:
    relay.be(Trouble(latency=1.0))
    began = time.monotonic()
    for _ in range(3):
        client.sendall(b"hello")
        time.sleep(0.01)
    assert client.recv(5) == b"hello"
    assert time.monotonic() - began > 2
    assert client.recv(10, socket.MSG_WAITALL) == b"hellohello"
    assert time.monotonic() - began < 3.8, "one after the other it takes 4 s"


def test_a_trickle_is_slow_and_ends_with_the_trouble(relay: Relay, client: socket.socket) -> None:
    relay.be(Trouble(rate=100))  # 9 s for everything
    began = time.monotonic()
    client.sendall(b"x" * 900)
    time.sleep(0.5)
    got = len(client.recv(1000))
    assert 0 < got < 100 * (time.monotonic() - began) + 50
    relay.clear()
    assert len(client.recv(900 - got, socket.MSG_WAITALL)) == 900 - got
    assert time.monotonic() - began < 8


@pytest.mark.parametrize("how", ["rst", "fin", "hole"])
def test_an_answer_is_cut_at_a_byte(relay: Relay, client: socket.socket, how: str) -> None:
    relay.be(Trouble(cut_at=7, how=how))  # type: ignore[arg-type]
    assert ask(client) == b"hello"
    assert ask(client) == b"he"
    if how == "fin":
        assert client.recv(10) == b""
    elif how == "rst":
        with pytest.raises(ConnectionResetError):
            client.recv(10)
    else:
        hears_nothing(client)


def test_an_end_is_passed_on_late(relay: Relay, client: socket.socket) -> None:
    relay.be(Trouble(linger=0.5))
    began = time.monotonic()
    client.sendall(b"end")
    assert client.recv(10) == b""
    assert time.monotonic() - began > 0.5


def test_a_reset_is_passed_on_late_and_counted(relay: Relay, client: socket.socket) -> None:
    relay.be(Trouble(linger=0.5))
    began = time.monotonic()
    client.sendall(b"reset")
    with pytest.raises(ConnectionResetError):
        client.recv(10)
    assert time.monotonic() - began > 0.5
    assert relay.struck > 0


def test_one_reply_is_swallowed_after_the_deed(
    echo: Echo, relay: Relay, client: socket.socket
) -> None:
    relay.swallow()
    assert ask(client, b"deed") == b""
    assert echo.heard == [b"hello", b"deed"]
    assert not relay.armed
    with connect(relay) as other:
        assert ask(other) == b"hello"


def test_it_leads_elsewhere(relay: Relay, client: socket.socket) -> None:
    elsewhere = Echo()
    relay.lead_to(elsewhere.address)
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    with connect(relay) as other:
        assert ask(other) == b"hello"
    assert elsewhere.heard == [b"hello"]
    elsewhere.close()
