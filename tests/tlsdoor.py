"""TLS before a server that knows none: it ends here, as with a proxy before Redis.

with tls_door(folder, port) as door:
    connect(door.url("user"))    # the certificate is for this machine, `door.authority` signed
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cryptography import x509

from tests.xds.pki import NAMES, Authority

_CHUNK = 64 * 1024


class TlsDoor:
    """Leads to a port of this machine. `entered` counts those who completed the handshake."""

    def __init__(self, folder: Path, target: int, names: list[x509.GeneralName]) -> None:
        self.authority = Authority(folder)
        self.entered = 0
        self._target = target
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*self.authority.issue(*names))
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda _loop, _told: None)  # failed handshakes are meant
        self._thread = threading.Thread(target=self._loop.run_forever, name="door", daemon=True)
        self._thread.start()
        self._pairs: set[asyncio.Task[None]] = set()
        self.port: int = self._do(self._open())

    def url(self, user: str, *, authority: Path | None = None) -> str:
        """Of Redis behind it, for a user, without a password."""
        trusted = quote(str(authority or self.authority.file), safe="")
        return f"rediss://{user}@localhost:{self.port}/0?ssl_ca_certs={trusted}"

    def close(self) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _open(self) -> int:
        self._server = await asyncio.start_server(
            self._enter, "127.0.0.1", 0, ssl=self._context, ssl_handshake_timeout=10
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def _end(self) -> None:
        self._server.close()
        for pair in self._pairs:
            pair.cancel()
        if self._pairs:
            await asyncio.wait(self._pairs)

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.entered += 1
        task = asyncio.current_task()
        assert task is not None
        self._pairs.add(task)
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
            with contextlib.closing(back):
                ways = [
                    asyncio.ensure_future(_pass(*way)) for way in ((reader, back), (there, writer))
                ]
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                for way in ways:
                    way.cancel()
                await asyncio.wait(ways)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            self._pairs.discard(task)

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while part := await reader.read(_CHUNK):
            writer.write(part)
            await writer.drain()


@contextmanager
def tls_door(
    folder: Path, target: int, names: list[x509.GeneralName] | None = None
) -> Iterator[TlsDoor]:
    """Its certificate is for `names`; else for this machine."""
    door = TlsDoor(folder, target, names or list(NAMES))
    try:
        yield door
    finally:
        door.close()
