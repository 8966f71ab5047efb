"""A way to Redis that can fail: it refuses, or swallows the reply to what was executed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit, urlunsplit


class Relay:
    """Forwards connections to a server. `swallow` arms it: the next reply is dropped, and its
    connection with it. `refusing`: nobody is let in, and whoever was in is out."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._swallow = threading.Event()
        self._refusing = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def armed(self) -> bool:
        return self._swallow.is_set()

    def swallow(self) -> None:
        self._swallow.set()

    def refuse(self) -> None:
        self._refusing.set()
        self.cut()

    def admit(self) -> None:
        self._refusing.clear()

    def cut(self) -> None:
        with self._lock:
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            _end(*pair)

    def close(self) -> None:
        self._refusing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        self._thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._refusing.is_set():
                client.close()
                continue
            server = socket.create_connection(self._target)
            with self._lock:
                self._pairs.add((client, server))
            for source, drain, replies in ((client, server, False), (server, client, True)):
                threading.Thread(
                    target=self._pump, args=(source, drain, replies), daemon=True
                ).start()

    def _pump(self, source: socket.socket, drain: socket.socket, replies: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if replies and self._swallow.is_set():
                    self._swallow.clear()
                    break
                drain.sendall(data)
        _end(source, drain)
        with self._lock:
            self._pairs = {pair for pair in self._pairs if source not in pair}


def _end(*ends: socket.socket) -> None:
    for one in ends:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


@contextmanager
def relay_to(url: str) -> Iterator[tuple[Relay, str]]:
    """A relay to the server of a Redis URL, and the URL that leads through it."""
    parts = urlsplit(url)
    relay = Relay((parts.hostname or "", parts.port or 6379))
    login = parts.netloc.rpartition("@")[0]
    try:
        yield relay, urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{relay.port}"))
    finally:
        relay.close()
