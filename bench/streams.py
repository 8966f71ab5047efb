"""Many open pages on one console process: what they cost, and how soon they hear of a change.

    script/bench streams

A real console (uvicorn) serves the streams of all pages; each page shows a list of services. First
nothing changes: CPU, memory, threads and PostgreSQL connections. Then services change, and the time
from the commit to the word in each page is measured. At last the console is killed and started
again: how long until all streams are back, if every page comes back when its browser would.
"""

from __future__ import annotations

import asyncio
import random
import signal
import time
import uuid

from bench.parts import Broken, Meter, options_of, print_head, print_table, print_verdict, spread
from bench.parts_house import House, end

_WITHIN = 60.0


class Page:
    """One open stream, read as a browser reads it."""

    def __init__(self, port: int, topic: str, cookie: str) -> None:
        self._port, self._topic, self._cookie = port, topic, cookie
        self.heard = 0.0
        self.ready = asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None

    async def run(self) -> None:
        reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writer.write(
            f"GET /live/?t={self._topic} HTTP/1.1\r\nHost: localhost\r\n"
            f"Cookie: {self._cookie}\r\n\r\n".encode()
        )
        while line := await reader.readline():
            if line.startswith(b"event: ready"):
                self.ready.set()
            elif line.startswith(b"event: changed"):
                self.heard = time.monotonic()
        self._writer.close()


def main() -> None:
    options = options_of(__doc__)
    options.add_argument("--pages", type=int, default=500)
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--changes", type=int, default=30)
    chosen = options.parse_args()
    print_head(f"{chosen.pages} open pages on one console process")
    with House() as house:
        cookie, registry = _rows()
        asyncio.run(_measure(house, chosen, cookie, f"registry:{registry}", registry))


def _rows() -> tuple[str, str]:
    """The cookie of an administrator's session, and a registry's id."""
    from django.contrib.auth.models import User
    from django.test import Client

    from console import actions
    from console.models import ControlPlane
    from registries.actions import create_registry
    from registries.models import Registry

    user = User.objects.create_superuser("bench", password=uuid.uuid4().hex)
    plane = ControlPlane(name="Bench", slug="bench")
    actions.create_control_plane(control_plane=plane, actor=user)
    registry = Registry(control_plane=plane, name="bench", server="https://127.0.0.1:1", token="t")  # noqa: S106
    create_registry(registry=registry, actor=user, verify=False)
    browser = Client()
    browser.force_login(user)
    return f"sessionid={browser.cookies['sessionid'].value}", str(registry.pk)


async def _measure(house: House, chosen, cookie: str, topic: str, registry: str) -> None:  # type: ignore[no-untyped-def]
    console, port = await asyncio.to_thread(_started, house)
    meter = Meter(console.pid)
    empty = meter.rss
    pages = [Page(port, topic, cookie) for _ in range(chosen.pages)]
    began = time.monotonic()
    running = await _open(pages)
    opened = time.monotonic() - began
    await asyncio.sleep(2)
    meter.restart()
    await asyncio.sleep(chosen.seconds)
    idle, full, threads = meter.share, meter.rss, meter.threads
    connections = await asyncio.to_thread(_connections)
    meter.restart()
    lags = await _changes(pages, registry, chosen.changes)
    busy = meter.seconds / chosen.changes
    await asyncio.to_thread(end, console, signal.SIGKILL)
    await asyncio.gather(*running, return_exceptions=True)
    began = time.monotonic()
    console, port = await asyncio.to_thread(_started, house)
    back = [Page(port, topic, cookie) for _ in range(chosen.pages)]
    running = await _open(back, over=3.0)
    returned = time.monotonic() - began
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    half, most, last = spread(lags)
    print_table(
        ["pages", "idle CPU", "KiB a page", "threads", "PostgreSQL", "open s", "back s"],
        [
            [
                chosen.pages,
                f"{idle:.1%}",
                f"{(full - empty) * 1024 / chosen.pages:.0f}",
                threads,
                connections,
                f"{opened:.1f}",
                f"{returned:.1f}",
            ]
        ],
    )
    print()
    print_table(
        ["commit → word in a page", "p50 ms", "p99 ms", "max ms", "CPU ms a change"],
        [["all pages", f"{half * 1e3:.0f}", f"{most * 1e3:.0f}", f"{last * 1e3:.0f}", busy * 1e3]],
    )
    print_verdict(idle <= 0.05 and most <= 1.0, "5 % of a core while idle, a second to each page")


def _started(house: House):  # type: ignore[no-untyped-def]
    import socket

    console, port = house.console()
    ends = time.monotonic() + _WITHIN
    while time.monotonic() < ends:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return console, port
        time.sleep(0.05)
    raise Broken(house.log_of("console"))


async def _open(pages: list[Page], *, over: float = 0.0) -> list[asyncio.Task[None]]:
    """Open all streams, spread over some seconds, and wait until each is ready."""

    async def come(page: Page) -> None:
        await asyncio.sleep(random.random() * over)  # noqa: S311 - no secret
        await page.run()

    running = [asyncio.create_task(come(page)) for page in pages]
    await asyncio.wait_for(asyncio.gather(*(page.ready.wait() for page in pages)), _WITHIN)
    return running


async def _changes(pages: list[Page], registry: str, number: int) -> list[float]:
    """Change a service again and again; the seconds until each page heard of each change."""
    from console import redis
    from console.contract import keys, wire
    from console.feed import FeedWriter

    feed = FeedWriter(redis.store(), keys.feed(keys.registry(registry)), epoch=1)
    feed.open()
    lags: list[float] = []
    for one in range(number):
        service = wire.Service(namespace="bench", name="service", observed_at=one + 1)
        state = {keys.service("bench", "service"): wire.encode(service)}
        began = time.monotonic()
        await asyncio.to_thread(feed.commit, dict(state))
        while any(page.heard < began for page in pages):
            if time.monotonic() - began > 10:
                raise Broken("Some page has heard nothing for 10 s.")
            await asyncio.sleep(0.005)
        lags += [page.heard - began for page in pages]
        await asyncio.sleep(0.5 + random.random() * 0.2)  # noqa: S311 - no secret
    return lags


def _connections() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return int(cursor.fetchone()[0]) - 1  # this one


if __name__ == "__main__":
    main()
