"""A server in the main thread, until SIGTERM."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable

from .access import Certificates
from .server import Server

# Calls what it is given whenever gateways may have changed, until the event is set.
Watch = Callable[[Callable[[], None], threading.Event], None]


def serve(
    server: Server,
    host: str,
    port: int,
    *,
    say: Callable[[str], object],
    tls: Certificates | None = None,
    anywhere: bool = False,
    watch: Watch | None = None,
) -> None:
    """Raises `access.Refused`."""

    async def run() -> None:
        loop, done, stop = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
        await server.start(host, port, tls=tls, anywhere=anywhere)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, done.set)
        by = "mutual TLS" if tls else "plain text"
        say(f"Serving xDS on {host}:{server.address[1]} by {by}.")

        def turned() -> None:
            asyncio.run_coroutine_threadsafe(server.look(), loop).result()

        watching = threading.Thread(
            target=watch or (lambda _turned, _stop: None), args=(turned, stop), daemon=True
        )
        watching.start()
        await done.wait()
        stop.set()
        await asyncio.to_thread(watching.join, 5)
        await server.stop()

    asyncio.run(run())
