"""From a commit to the feed until nginx sends a request to the new node.

    python -m tests.gateways.discovery.latency [UPSTREAMS [COMMITS]]

Starts a Valkey and nginx of its own. Every commit moves one upstream from one of two backends to
the other; one connection to nginx asks without a pause who serves it now.
"""

from __future__ import annotations

import http.client
import socketserver
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.gateways.discovery.bed import Bed
from tests.gateways.discovery.conftest import Plane, Server, upstream
from tests.threads import eventually

_NAME = "moving"


class _Backend(socketserver.ThreadingTCPServer):
    """Answers every request with its port, in one packet."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.port = int(self.server_address[1])


class _Answer(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        body = str(self.server.server_address[1])
        answer = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        while b"\r\n\r\n" in self.request.recv(65536):
            self.request.sendall(answer)


@contextmanager
def _backends() -> Iterator[list[int]]:
    servers = [_Backend(), _Backend()]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield [server.port for server in servers]
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def measure(bed: Bed, plane: Plane, *, upstreams: int, commits: int) -> list[float]:
    """Milliseconds of each commit, sorted. The bed follows the plane; both are otherwise idle."""
    with _backends() as ports:
        others = [upstream(f"u{n}", 1 + n % 65535) for n in range(upstreams - 1)]
        plane.publish(upstream(_NAME, ports[0]), *others)
        connection = http.client.HTTPConnection("127.0.0.1", bed.port, timeout=10)

        def serving() -> str:
            connection.request("GET", "/", headers={"Host": _NAME})
            return connection.getresponse().read().decode()

        eventually(lambda: serving() == str(ports[0]), within=60)
        found = []
        for number in range(1, commits + 1):
            port = ports[number % 2]
            state = upstream(_NAME, port, observed_at=int(time.time() * 1000))
            began = time.perf_counter()
            plane.publish(state)
            while serving() != str(port):
                assert time.perf_counter() - began < 30
            found.append((time.perf_counter() - began) * 1000)
        connection.close()
    return sorted(found)


def main(upstreams: int = 1000, commits: int = 200) -> None:
    with tempfile.TemporaryDirectory(prefix="portolan-latency-") as folder:
        valkey = Server(Path(folder) / "valkey")
        try:
            plane = Plane(valkey.client)
            with Bed(Path(folder) / "nginx", redis_url=valkey.url, control_plane=plane.id) as bed:
                found = measure(bed, plane, upstreams=upstreams, commits=commits)
        finally:
            valkey.client.close()
            valkey.stop()
    print(  # noqa: T201 - a script
        f"{upstreams} upstreams, {commits} commits: commit→served median"
        f" {statistics.median(found):.2f} ms, p95 {found[int(len(found) * 0.95)]:.2f} ms,"
        f" most {found[-1]:.2f} ms"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
