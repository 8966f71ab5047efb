"""A real Traefik on the test's tree, and upstream servers that say who they are."""

from __future__ import annotations

import http.server
import os
import socket
import socketserver
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from console.embedded import ports
from console.embedded.process import spawn
from console.embedded.traefik import STOP, Traefik
from console.embedded.valkey import GATEWAY_USER
from console.redis import Client


@dataclass(frozen=True)
class Proxy:
    """A gateway under test. `get` answers with status and body, 0 when nothing does."""

    url: str
    api_url: str = ""

    def get(
        self, host: str, path: str = "/", *, method: str = "GET", **headers: str
    ) -> tuple[int, str]:
        request = urllib.request.Request(
            self.url + path,
            method=method,
            headers={"Host": host, **{k.replace("_", "-"): v for k, v in headers.items()}},
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""


@dataclass(frozen=True, slots=True)
class _Pushable(Traefik):
    """Its REST provider is on, too."""

    def _configuration(self) -> dict[str, Any]:
        found = Traefik._configuration(self)
        found["providers"]["rest"] = {"insecure": True}
        return found


@pytest.fixture
def proxy(gateway_store: Client, gateway_redis_url: str, tmp_path: Path) -> Iterator[Proxy]:
    parts = urlsplit(gateway_redis_url)
    login = f"{GATEWAY_USER}:{os.environ['TRAEFIK_REDIS_PASSWORD']}"
    server = _Pushable(
        folder=tmp_path / "traefik",
        host="127.0.0.1",
        port=ports.free(),
        api_port=ports.free(),
        redis_url=urlunsplit(parts._replace(netloc=f"{login}@{parts.netloc}")),
    )
    server.prepare()
    with (tmp_path / "traefik.log").open("wb") as log:
        child = spawn(server.command(), stdout=log, stderr=subprocess.STDOUT)
        try:
            server.wait(lambda: None)
            yield Proxy(f"http://127.0.0.1:{server.port}", server.api_url)
        finally:
            child.send_signal(STOP)
            child.wait(10)


class _Named(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        name = f"{self.server.server_address[0]} {self.path} {self.headers['Host']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(name)))
        self.end_headers()
        self.wfile.write(name)

    do_POST = do_GET  # noqa: N815 - http.server's name

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Closes with all its connections, which gateways like to keep."""

    def __init__(self, *arguments: Any) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        for one in list(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        super().server_close()


Serve = Callable[[str], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server on a loopback address; answers “address path host”. Gives its port."""
    with ExitStack() as stack:

        def start(address: str, port: int = 0) -> int:
            server = stack.enter_context(_Server((address, port), _Named))
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            stack.callback(server.shutdown)
            return int(server.server_address[1])

        yield start
