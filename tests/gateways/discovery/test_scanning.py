"""Redis loses the states, or gets others, while a worker is in the middle of reading them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.gateways.discovery.conftest import Plane, Server, Start, at, serves, upstream
from tests.threads import eventually


class Between:
    """A way from nginx to Valkey. Once `calls` is filled, one is made and taken out before each
    request from the first HSCAN on."""

    def __init__(self, valkey: Server) -> None:
        self.calls: list[Callable[[], None] | None] = []
        self._port = valkey.port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept)
        self.url = valkey.url.replace(f":{valkey.port}", f":{self._listener.getsockname()[1]}")

    def __enter__(self) -> Between:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._port))
            for source, target, asked in ((client, server, True), (server, client, False)):
                ends = (source.dup(), target.dup(), asked)
                threading.Thread(target=self._forward, args=ends, daemon=True).start()
            client.close()
            server.close()

    def _forward(self, source: socket.socket, target: socket.socket, asked: bool) -> None:
        scanning = False
        with source, target, suppress(OSError):
            while data := source.recv(1 << 16):
                scanning = asked and bool(self.calls) and (scanning or b"hscan" in data)
                if scanning:
                    if call := self.calls[0]:
                        call()
                    self.calls.pop(0)
                target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("anew", [False, True], ids=["emptied", "emptied and written anew"])
def test_a_scan_that_has_not_seen_all(
    plane: Plane, valkey: Server, start: Start, anew: bool
) -> None:
    everything = [upstream(f"u{n}", 1000 + n) for n in range(3000)]
    plane.publish(*everything)

    def lose() -> None:
        valkey.client.flushall()

    def write_anew() -> None:
        plane.publish_all(*everything)

    # The third step of the scan finds nothing, and the scan ends there; what is asked for next
    # finds everything written again.
    with Between(valkey) as between:
        bed = start(redis_url=between.url, workers=1)
        serves(bed, "u2999", 3999, within=20)
        tables = {n: bed.look(f"u{n}")["table"] for n in range(0, 3000, 100)}
        between.calls = [None, None, lose, write_anew if anew else None]
        plane.publish_all(*everything)  # a gap: all states are read
        eventually(lambda: not between.calls, within=20)
        if not anew:
            plane.publish_all(*everything)
        at(bed, plane.position, within=20)
        assert {n: bed.look(f"u{n}")["table"] for n in tables} == tables
