"""Two replicas of one service, in a process of their own: each answers every request with its own
address and nothing else, so that what is measured is the way there.

    python -m bench.parts_echo PORT ADDRESS...
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from functools import partial
from types import TracebackType
from typing import cast

from bench.parts import BASE, Broken
from console.embedded import ports
from console.embedded.process import spawn

ADDRESSES = ("127.0.0.1", "127.0.0.2")


class Echo:
    """Entering starts them on one free port of all `ADDRESSES`."""

    def __enter__(self) -> Echo:
        self.port = ports.free()
        argv = [sys.executable, "-m", "bench.parts_echo", str(self.port), *ADDRESSES]
        self._child = spawn(argv, cwd=BASE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        if not self._child.stdout or not self._child.stdout.readline():
            raise Broken("The replicas do not start.")
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


class _Replica(asyncio.Protocol):
    def __init__(self, address: str) -> None:
        self._answer = (
            f"HTTP/1.1 200 OK\r\nX-Replica: {address}\r\nContent-Length: 0\r\n\r\n"
        ).encode()
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        *whole, self._rest = (self._rest + data).split(b"\r\n\r\n")
        self._transport.write(self._answer * len(whole))


async def _serve(port: int, addresses: list[str]) -> None:
    loop = asyncio.get_running_loop()
    for address in addresses:
        await loop.create_server(partial(_Replica, address), address, port)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), sys.argv[2:]))
