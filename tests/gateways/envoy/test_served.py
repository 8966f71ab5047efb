"""What upstreams wish a real Envoy does: checks, time limits, hashing, TLS, upgrades."""

from __future__ import annotations

import contextlib
import http.server
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.contract.wire import Node, Resource, Route, Timeouts, Upstream
from console.embedded import certificate
from tests.gateways.conftest import Serve, serve
from tests.threads import eventually
from tests.xds.bed import Bed

from .conftest import Publish

__all__ = ["serve"]

pytestmark = [pytest.mark.slow]
LONG = 30


def pair(name: str, *nodes: Node, **fields: Any) -> dict[str, Resource]:
    """An upstream and the route to it, at a host of its own."""
    of_route = {key: fields.pop(key) for key in ("websocket", "retries") if key in fields}
    return {
        f"upstream/{name}": Upstream(id=name, name=name, nodes=nodes, **fields),
        f"route/{name}": Route(
            id=name, name=name, upstream=name, hosts=(f"{name}.org",), **of_route
        ),
    }


class Picky(http.server.BaseHTTPRequestHandler):
    """Says what its server is told to say; may be slow."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server: Any = self.server
        status = server.health if self.path == "/health" else server.status
        time.sleep(server.pause if self.path != "/health" else 0)
        with contextlib.suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def picky() -> Iterator[Any]:
    server: Any = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Picky)
    server.daemon_threads = True
    server.status, server.health, server.pause = 200, 200, 0.0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_node_that_fails_its_check_is_left_out_and_comes_back(
    envoy: Bed, publish: Publish, serve: Serve, picky: Any
) -> None:
    good = Node(host="127.0.0.2", port=serve("127.0.0.2"))
    bad = Node(host="127.0.0.1", port=picky.server_port)
    checks = {
        "active": {
            "http_path": "/health",
            "healthy": {"interval": 1, "successes": 1, "http_statuses": [200, 404]},
            "unhealthy": {"interval": 1, "http_failures": 2},
        }
    }
    publish(pair("checked", good, bad, checks=checks))

    def answering() -> set[str]:
        return {envoy.get("checked.org")[1].partition(" ")[0] for _ in range(12)}

    eventually(lambda: answering() == {"127.0.0.2", ""}, within=LONG)
    picky.health = 500
    eventually(lambda: answering() == {"127.0.0.2"}, within=LONG)
    picky.health = 200
    eventually(lambda: answering() == {"127.0.0.2", ""}, within=LONG)


def test_a_node_whose_answers_fail_is_left_out(
    envoy: Bed, publish: Publish, serve: Serve, picky: Any
) -> None:
    good = Node(host="127.0.0.2", port=serve("127.0.0.2"))
    bad = Node(host="127.0.0.1", port=picky.server_port)
    picky.status = 500
    publish(pair("watched", good, bad, checks={"passive": {"unhealthy": {"http_failures": 3}}}))
    eventually(lambda: envoy.get("watched.org")[0] == 200, within=LONG)
    eventually(lambda: all(envoy.get("watched.org")[0] == 200 for _ in range(12)), within=LONG)


def test_a_node_that_is_silent_for_too_long_is_a_504(
    envoy: Bed, publish: Publish, picky: Any
) -> None:
    node = Node(host="127.0.0.1", port=picky.server_port)
    publish(pair("slow", node, timeouts=Timeouts(read=400)))
    eventually(lambda: envoy.get("slow.org")[0] == 200, within=LONG)
    picky.pause = 6.0
    began = time.monotonic()
    assert envoy.get("slow.org")[0] == 504
    assert time.monotonic() - began < 5


def test_a_node_that_is_gone_costs_no_request_unless_retries_are_off(
    envoy: Bed, publish: Publish, serve: Serve
) -> None:
    good = Node(host="127.0.0.2", port=serve("127.0.0.2"))
    gone = Node(host="127.0.0.3", port=good.port)
    publish(pair("again", good, gone) | pair("once", good, gone, retries=0))
    eventually(lambda: envoy.get("again.org")[0] == 200, within=LONG)
    assert {envoy.get("again.org")[0] for _ in range(20)} == {200}
    assert {envoy.get("once.org")[0] for _ in range(20)} == {200, 503}


def test_equal_keys_go_to_one_node(envoy: Bed, publish: Publish, serve: Serve) -> None:
    port = serve("127.0.0.1")
    for number in (2, 3, 4):
        serve(f"127.0.0.{number}", port)
    nodes = [Node(host=f"127.0.0.{number}", port=port) for number in (1, 2, 3, 4)]
    publish(pair("hashed", *nodes, balance="consistent_hash", hash_key="header:X-User"))
    eventually(lambda: envoy.get("hashed.org")[0] == 200, within=LONG)

    def node_of(user: int) -> str:
        return envoy.get("hashed.org", X_User=str(user))[1].partition(" ")[0]

    chosen = {user: node_of(user) for user in range(40)}
    assert len(set(chosen.values())) == 4
    assert all(node_of(user) == node for user, node in chosen.items())


def test_nodes_that_speak_tls_are_called_by_the_name_that_was_asked_for(
    envoy: Bed, publish: Publish, picky: Any, tmp_path: Path
) -> None:
    crt, key = tmp_path / "crt", tmp_path / "key"
    certificate.ensure(crt, key, name="anything")
    names: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(crt, key)
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    picky.socket = context.wrap_socket(picky.socket, server_side=True)
    node = Node(host="127.0.0.1", port=picky.server_port)
    fixed = pair("fixed", node, scheme="https", host_mode="rewrite", host="inner.org")
    publish(pair("asked", node, scheme="https") | fixed)
    eventually(lambda: envoy.get("asked.org")[0] == 200, within=LONG)
    assert names[-1] == "asked.org"
    assert envoy.get("fixed.org")[0] == 200
    assert names[-1] == "inner.org"


def test_connections_are_upgraded_where_the_route_says_so(envoy: Bed, publish: Publish) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_echo, args=(listener,), daemon=True).start()
        node = Node(host="127.0.0.1", port=listener.getsockname()[1])
        publish(pair("talk", node, websocket=True) | pair("mute", node))
        eventually(lambda: _upgraded(envoy, "talk.org") == "101", within=LONG)
        assert _upgraded(envoy, "mute.org") == "403"


def _echo(listener: socket.socket) -> None:
    """Upgrade whoever comes and say back what is said."""
    with contextlib.suppress(OSError):
        while True:
            client, _address = listener.accept()
            with client:
                asked = client.recv(65_536)
                if b"upgrade" in asked.lower():
                    client.sendall(
                        b"HTTP/1.1 101 Switching Protocols\r\n"
                        b"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
                    )
                    client.sendall(client.recv(100))


def _upgraded(envoy: Bed, host: str) -> str:
    """The status; a 101 only if what is said comes back."""
    try:
        with socket.create_connection(("127.0.0.1", envoy.port), timeout=5) as connection:
            connection.sendall(
                f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\n"
                "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
            )
            status = connection.recv(65_536).split()[1].decode()
            if status != "101":
                return status
            connection.sendall(b"hello")
            return status if connection.recv(100) == b"hello" else "silence"
    except (OSError, IndexError):
        return ""
