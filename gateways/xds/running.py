"""A server with an event loop of its own in a thread."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from .server import Server


class Running:
    """For tests and benches, and for a process whose main thread has something else to do."""

    def __init__(self, server: Server, host: str, port: int, **options: Any) -> None:
        self.server = server
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="xds", daemon=True)
        self._thread.start()
        try:
            self._do(server.start(host, port, **options))
        except BaseException:
            self._end()
            raise

    @property
    def port(self) -> int:
        return self.server.address[1]

    def look(self) -> None:
        self._do(self.server.look(anew=True))

    def stop(self) -> None:
        self._do(self.server.stop())
        self._end()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _do(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)
