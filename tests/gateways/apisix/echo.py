"""Servers that say who they are, and asking them through a gateway."""

from __future__ import annotations

import http.client
import http.server
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from console.contract.wire import Node

from .target import Target

# By which APISIX reaches this machine.
HOST = os.environ.get("APISIX_NODES_HOST", "127.0.0.1")


class _Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        said = f"{self.server.server_address[1]} {self.path} {self.headers['Host']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture(scope="module")
def nodes() -> Iterator[list[Node]]:
    servers = [http.server.ThreadingHTTPServer(("0.0.0.0", 0), _Echo) for _ in range(5)]  # noqa: S104
    for one in servers:
        one.daemon_threads = True
        threading.Thread(target=one.serve_forever, args=(0.05,), daemon=True).start()
    yield [Node(host=HOST, port=one.server_address[1]) for one in servers]
    for one in servers:
        one.shutdown()
        one.server_close()


@dataclass
class Served:
    status: int
    port: str
    path: str
    host: str
    location: str = ""


def ask(target: Target, host: str, path: str = "/", method: str = "GET", **headers: str) -> Served:
    parts = urlsplit(target.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.request(method, path, headers={"Host": host} | headers)
        answer = connection.getresponse()
        words = answer.read().decode().split(" ")
        if answer.status != 200 or len(words) != 3:
            return Served(answer.status, "", "", "", answer.getheader("Location") or "")
        return Served(answer.status, *words)
    finally:
        connection.close()


def everywhere(condition: Callable[[], bool]) -> bool:
    """Whether it holds in every worker, as far as that can be seen: the kernel gives each new
    connection to any of them."""
    return all(condition() for _ in range(20))
