"""One recorded watch, served over loopback TLS to whoever asks: an API server that does nothing.

Every event is a chunk and a write of its own, as busy API servers send slices. A list is empty; a
watch from the list's version brings the recording, and is silent after its last event. Streamed
lists are refused, as by a server before 1.27. Run as a process by `Recording`.
"""

from __future__ import annotations

import json
import random
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from bench.parts import BASE, Broken
from bench.parts_slices import make_slice
from console.embedded.process import spawn

LAST = "the-last"  # the name of the last event's slice
_SERVICES = 1_000
_EMPTY = b'{"kind":"EndpointSliceList","apiVersion":"discovery.k8s.io/v1",' + (
    b'"metadata":{"resourceVersion":"1"},"items":[]}'
)
_REFUSED = (
    b'{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","reason":"Invalid",'
    b'"message":"sendInitialEvents is forbidden","code":422}'
)
_LOST = (
    b'{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","reason":"NotFound",'
    b'"message":"not found","code":404}'
)


class Recording:
    """Entering records the events and starts the server."""

    def __init__(self, events: int, *, endpoints: int) -> None:
        self._events, self._endpoints = events, endpoints
        self.server = self.ca = ""
        self.size = 0  # bytes of all events

    def __enter__(self) -> Recording:
        self._folder = tempfile.TemporaryDirectory(prefix="portolan-bench-")
        file = Path(self._folder.name) / "events"
        self.size = record(file, self._events, endpoints=self._endpoints)
        argv = [sys.executable, "-m", "bench.parts_recorded", self._folder.name]
        self._child = spawn(argv, cwd=BASE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        line = self._child.stdout.readline() if self._child.stdout else b""
        if not line:
            raise Broken("The recorded server does not start.")
        self.server = f"https://127.0.0.1:{int(line)}"
        self.ca_file = Path(self._folder.name) / "ca.crt"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._child.kill()
        self._child.wait()
        if self._child.stdout:
            self._child.stdout.close()
        self._folder.cleanup()


def record(file: Path, events: int, *, endpoints: int) -> int:
    """Write the events, the same ones for the same numbers: every slice is added, then changed
    again and again, and one in fifty events deletes one, which comes back with its next turn."""
    dice = random.Random(events)  # noqa: S311 - nothing secret
    there: set[int] = set()
    with file.open("wb") as out:
        for number in range(events - 1):
            service = number if number < _SERVICES else dice.randrange(_SERVICES)
            kind = "MODIFIED" if service in there else "ADDED"
            if service in there and dice.random() < 0.02:
                kind = "DELETED"
            (there.discard if kind == "DELETED" else there.add)(service)
            unready = dice.randrange(endpoints)
            slice_ = make_slice(service, endpoints=endpoints, change=number, unready=unready)
            out.write(_line(kind, slice_, number))
        last = make_slice(_SERVICES, endpoints=endpoints)
        last["metadata"]["name"] = LAST
        out.write(_line("ADDED", last, events))
    return file.stat().st_size


def _line(kind: str, slice_: Any, number: int) -> bytes:
    slice_["metadata"]["resourceVersion"] = str(1000 + number)
    thing = {"kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1", **slice_}
    return json.dumps({"type": kind, "object": thing}, separators=(",", ":")).encode() + b"\n"


def main() -> None:
    from practice import pki

    folder = Path(sys.argv[1])
    tls = pki.prepare(folder).tls
    lines = (folder / "events").read_bytes().splitlines(keepends=True)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        print(listening.getsockname()[1], flush=True)
        while True:
            connection, _ = listening.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_serve, args=(connection, tls, lines), daemon=True).start()


def _serve(plain: socket.socket, tls: ssl.SSLContext, lines: list[bytes]) -> None:
    try:
        secure = tls.wrap_socket(plain, server_side=True)
        with secure as connection, connection.makefile("rb") as asking:
            while request := asking.readline():
                while asking.readline().strip():
                    pass  # the headers say nothing that matters here
                _answer(connection, request.split()[1].decode(), lines)
    except OSError:
        return  # the reader has had enough


def _answer(connection: ssl.SSLSocket, target: str, lines: list[bytes]) -> None:
    path, _, query = target.partition("?")
    if not path.endswith("/endpointslices"):
        _whole(connection, "404 Not Found", _LOST)
    elif "sendInitialEvents=true" in query:
        _whole(connection, "422 Unprocessable Entity", _REFUSED)
    elif "watch=" not in query:
        _whole(connection, "200 OK", _EMPTY)
    else:
        head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked"
        connection.sendall(f"{head}\r\n\r\n".encode())
        if "resourceVersion=1&" in f"{query}&":
            for line in lines:
                connection.sendall(b"%x\r\n%s\r\n" % (len(line), line))
        threading.Event().wait()


def _whole(connection: ssl.SSLSocket, status: str, body: bytes) -> None:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    connection.sendall(f"{head}\r\n\r\n".encode() + body)


if __name__ == "__main__":
    main()
