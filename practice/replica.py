"""The replicas' process: imports httpbin once, then forks one child per replica.

Forking keeps a replica small and its start fast. The parent reads orders as JSON lines from
stdin and answers with JSON lines on stdout:

    {"op": "start", "name": "x", "address": "127.1.0.1", "port": 8081}   -> {"name", "pid"}
    a child ended                                                       -> {"name", "ended", "pid"}

A child drains on SIGTERM: it stops accepting, finishes what it is answering, then leaves. The
end of stdin ends all; a parent that dies takes its children along (PR_SET_PDEATHSIG), so nothing
is ever left behind.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import logging
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

ADDRESS_TAKEN = 98
DRAIN_MOST = 30.0
PR_SET_PDEATHSIG = 1

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]


def die_with_parent(parent: int) -> None:
    """Ask the kernel for SIGKILL when the parent ends; leave at once if it already has."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


class Named:
    """Names the pod in each answer."""

    def __init__(self, app: Wsgi, pod: str) -> None:
        self.app = app
        self.pod = pod

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, [*headers, ("X-Practice-Pod", self.pod)], *rest)

        return self.app(environ, start)


def serve(app: Wsgi, pod: str, address: str, port: int) -> int:
    """Run one replica until SIGTERM and the drain after it; return its exit code."""
    import waitress

    try:
        server = waitress.create_server(
            Named(app, pod),
            host=address,
            port=port,
            threads=8,
            ident="httpbin",
            clear_untrusted_proxy_headers=False,
        )
    except OSError:
        return ADDRESS_TAKEN

    def leave(*_: object) -> None:
        raise SystemExit

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(SystemExit):
        server.run()
    drain(server)
    return 0


def drain(server: Any) -> None:
    """Finish the requests being answered; connections between requests just end."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    server.del_channel(server._map) if server.fileno() in server._map else None
    server.socket.close()
    ends = time.monotonic() + DRAIN_MOST
    while time.monotonic() < ends:
        busy = [c for c in server.active_channels.values() if c.requests or c.total_outbufs_len]
        if not busy:
            return
        for channel in busy:
            for request in channel.requests:
                # What waitress answers "Connection: close" to; an application may not say it.
                request.headers["CONNECTION"] = "close"
        server.asyncore.loop(timeout=0.01, map=server._map, count=1)


class Zygote:
    def __init__(self, app: Wsgi) -> None:
        self.app = app
        self.children: dict[int, str] = {}
        self.buffer = b""

    def say(self, **message: Any) -> None:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()

    def run(self) -> None:
        reader, writer = socket.socketpair()
        reader.setblocking(False)
        writer.setblocking(False)
        signal.set_wakeup_fd(writer.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        while True:
            ready, _, _ = select.select([0, reader.fileno()], [], [])
            if reader.fileno() in ready:
                with contextlib.suppress(BlockingIOError):
                    reader.recv(4096)
                self.reap()
            if 0 in ready and not self.read():
                break
        for pid in self.children:
            os.kill(pid, signal.SIGKILL)

    def read(self) -> bool:
        data = os.read(0, 65536)
        *lines, self.buffer = (self.buffer + data).split(b"\n")
        for line in lines:
            order = json.loads(line)
            if order["op"] == "start":
                self.start(order["name"], order["address"], order["port"])
        return bool(data)

    def start(self, name: str, address: str, port: int) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid:
            self.children[pid] = name
            self.say(name=name, pid=pid)
            return
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            die_with_parent(parent)
            os.close(0)
            code = serve(self.app, name, address, port)
        finally:
            os._exit(code)

    def reap(self) -> None:
        while self.children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            name = self.children.pop(pid, "")
            self.say(name=name, ended=os.waitstatus_to_exitcode(status), pid=pid)


def main() -> None:
    die_with_parent(int(sys.argv[1]))
    # httpbin warns at import that its documentation page lacks a library; nobody needs it here.
    logging.disable(logging.WARNING)
    import waitress  # noqa: F401
    from httpbin import app

    zygote = Zygote(app)
    zygote.say(ready=True)
    zygote.run()


if __name__ == "__main__":
    main()
