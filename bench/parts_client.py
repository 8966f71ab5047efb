"""Somebody who asks a gateway again and again, in a process of their own: the bench's interpreter
is busy with the other hops at the very moments that count.

A request a line, as JSON: which answer is waited for. The answer: when the first request that got
it was complete, by the clock that all processes share (`time.perf_counter`), and how many requests
meanwhile were answered by none of the replicas.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from types import TracebackType
from typing import Any

from bench.parts import BASE, Broken
from console.embedded.process import spawn

PAUSE = 0.0005  # seconds between two requests; what is measured is late by half of that


class Client:
    """Entering connects to a gateway on loopback."""

    def __init__(self, port: int, host: str) -> None:
        self._argv = [sys.executable, "-m", "bench.parts_client", str(port), host]

    def __enter__(self) -> Client:
        self._child = spawn(self._argv, cwd=BASE, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe:
                pipe.close()
        self._child.kill()
        self._child.wait()

    def ask(self, replica: str, *, within: float, pause: float = PAUSE) -> None:
        """Begin to ask until the replica of this address answers."""
        if self._child.stdin:
            self._child.stdin.write(json.dumps([replica, within, pause]).encode() + b"\n")
            self._child.stdin.flush()

    def answer(self) -> tuple[float, int]:
        """When it did first, and the requests that failed before. Raises `Broken`."""
        line = self._child.stdout.readline() if self._child.stdout else b""
        at, failed, last = json.loads(line or b'[0, 0, "the client has ended"]')
        if not at:
            raise Broken(f"The gateway never asked the new node; its last answer: {last}")
        return at, failed


class _Asking:
    def __init__(self, port: int, host: str) -> None:
        self._port = port
        self._request = f"GET /anything HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        self._socket: socket.socket | None = None

    def once(self) -> bytes:
        """The head of an answer; empty if there was none."""
        try:
            if self._socket is None:
                self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=5)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall(self._request)
            return self._read(self._socket)
        except OSError:
            self._close()
            return b""

    def _read(self, connection: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            more = connection.recv(65536)
            if not more:
                self._close()
                return data
            data += more
        if b"\r\nx-replica:" not in data.lower():
            self._close()  # an error of the gateway's: its body is nobody's business
        return data

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None


def until(asking: _Asking, replica: str, within: float, pause: float = PAUSE) -> list[Any]:
    wanted = f"x-replica: {replica}\r\n".encode()
    end, failed, head = time.perf_counter() + within, 0, b""
    while (now := time.perf_counter()) < end:
        head = asking.once().lower()
        now = time.perf_counter()
        if wanted in head:
            return [now, failed, ""]
        failed += b"\r\nx-replica:" not in head
        time.sleep(pause)
    return [0, failed, head.partition(b"\r\n")[0].decode(errors="replace")]


def main() -> None:
    asking = _Asking(int(sys.argv[1]), sys.argv[2])
    for line in sys.stdin:
        print(json.dumps(until(asking, *json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
