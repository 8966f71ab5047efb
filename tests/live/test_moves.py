"""A page that shows what nodes did hears of it once it is written down."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests import factories
from tests.threads import apart

from .conftest import cookie_of, opened

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from console.redis import Client


def test_a_move_is_told_to_those_who_show_its_registry(session: str, store: Client) -> None:
    from console.contract import keys, wire
    from console.feed import FeedWriter
    from console.live.stream import Streams
    from registries.chronicle import Chronicler, Recorder

    registry, other = (str(factories.make_registry().pk) for _ in range(2))
    FeedWriter(store, keys.feed(keys.registry(registry)), epoch=1).open()
    recorder = Recorder(threaded=False)

    def move(name: str) -> None:
        service = wire.Service(namespace="shop", name=name)
        Chronicler(registry, recorder=recorder).committed([(f"shop/{name}", None, service)])
        recorder.write()

    async def run() -> None:
        streams = Streams()
        async with (
            opened(streams, f"moves:{registry}", cookie=session) as mine,
            opened(streams, f"moves:{other}", cookie=session) as theirs,
        ):
            await mine.ready()
            await theirs.ready()
            for name in ("first", "second"):
                mine.events.clear()
                await asyncio.to_thread(move, name)
                await mine.until(lambda: f"moves:{registry}" in mine.changed)
            assert not theirs.changed

    apart(run())


def test_moves_of_a_stranger_are_not_told(transactional_db: None, cy: User, store: Client) -> None:
    from console.live.topics import parse

    registry = factories.make_registry()
    topic = parse(f"moves:{registry.pk}")
    assert topic is not None
    assert (topic.stream or "").endswith(":moves")
    cookie = cookie_of(cy)

    async def run() -> None:
        from console.live.stream import Streams

        async with opened(Streams(), topic.text, cookie=cookie) as page:
            await page.ready()
            await asyncio.to_thread(store.xadd, topic.stream, {"service": "", "move": "{}"})
            await asyncio.sleep(0.7)
            assert not page.changed

    apart(run())
