"""A page that shows the instances of a gateway hears of them without asking again and again."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import msgspec

from tests import factories
from tests.threads import apart

from .conftest import cookie_of, opened

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from console.redis import Client


def _said(store: Client, gateway: str, *, ago: float = 0.0, **values: str) -> None:
    """A report of one instance, so many seconds old."""
    from console.contract import keys
    from gateways.instances import Instance

    at = int((time.time() - ago) * 1000)
    said = Instance(id="a", hostname="edge-1", registered_at=1, seen_at=at, **values)
    store.hset(keys.instances(keys.gateway(gateway)), "a", msgspec.json.encode(said))


def test_what_an_instance_reports_is_told_and_its_heartbeats_are_not(
    session: str, store: Client
) -> None:
    from console.live.stream import Streams

    gateway, other = (str(factories.make_gateway().pk) for _ in range(2))
    topic = f"instances:{gateway}"
    _said(store, gateway, applied="1-1")

    async def run() -> None:
        streams = Streams()
        async with (
            opened(streams, topic, cookie=session) as mine,
            opened(streams, f"instances:{other}", cookie=session) as theirs,
        ):
            await mine.ready()
            await theirs.ready()
            await asyncio.to_thread(_said, store, gateway, applied="1-1")
            await asyncio.sleep(2)
            assert not mine.changed
            await asyncio.to_thread(_said, store, gateway, applied="1-2")
            await mine.until(lambda: topic in mine.changed)
            mine.events.clear()
            await asyncio.to_thread(_said, store, gateway, refuses="no room")
            await mine.until(lambda: topic in mine.changed)
            assert not theirs.changed

    apart(run())


def test_an_instance_that_falls_silent_is_told_by_the_clock_alone(
    session: str, store: Client
) -> None:
    from console.live.stream import Streams
    from gateways.instances import LOST_AFTER

    gateway = str(factories.make_gateway().pk)
    topic = f"instances:{gateway}"
    _said(store, gateway, ago=LOST_AFTER / 1000 - 3)

    async def run() -> None:
        streams = Streams()
        async with opened(streams, topic, cookie=session) as page:
            await page.ready()
            assert not page.changed
            took = await page.until(lambda: topic in page.changed)
            assert took < 6

    apart(run())


def test_instances_of_a_stranger_are_not_told(
    transactional_db: None, cy: User, store: Client
) -> None:
    gateway = str(factories.make_gateway().pk)
    cookie = cookie_of(cy)

    async def run() -> None:
        from console.live.stream import Streams

        streams = Streams()
        async with opened(streams, f"instances:{gateway}", cookie=cookie) as page:
            await page.ready()
            await asyncio.to_thread(_said, store, gateway, applied="1-9")
            await asyncio.sleep(2)
            assert not page.changed

    apart(run())
