"""A page hears of what it shows, of nothing else, and always ends at the present."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from tests import factories
from tests.threads import apart

from .conftest import opened

if TYPE_CHECKING:
    from console.redis import Client
    from registries.models import Registry


def _commit(store: Client, registry: Registry, *names: str, epoch: int = 1) -> None:
    from console.contract import keys, wire
    from console.feed import FeedWriter

    feed = FeedWriter(store, keys.feed(keys.registry(str(registry.pk))), epoch=epoch)
    feed.open()
    states = {}
    for name in names:
        service = wire.Service(namespace="shop", name=name, observed_at=time.time_ns() // 1_000_000)
        states[keys.service("shop", name)] = wire.encode(service)
    feed.commit(dict(states))


def _say(store: Client, registry: Registry, **said: object) -> None:
    from registries import health

    health.write(store, str(registry.pk), health.Status(**said))  # type: ignore[arg-type]


def _save_another(registry: Registry) -> None:
    from django.db import connections

    factories.make_registry(control_plane=registry.control_plane, name="another")
    connections.close_all()


@pytest.fixture
def registry(session: str, store: Client) -> Registry:
    return factories.make_registry()


def test_a_changed_service_is_told_to_those_who_show_it(
    session: str, registry: Registry, store: Client
) -> None:
    from console.live.stream import Streams

    whole, cart, till = (
        f"registry:{registry.pk}",
        f"service:{registry.pk}/shop/cart",
        f"service:{registry.pk}/shop/till",
    )
    _commit(store, registry, "cart", "till")

    async def run() -> None:
        streams = Streams()
        async with (
            opened(streams, whole, cookie=session) as list_,
            opened(streams, cart, cookie=session) as one,
            opened(streams, till, cookie=session) as other,
        ):
            for page in (list_, one, other):
                await page.ready()
            await asyncio.to_thread(_commit, store, registry, "cart")
            await one.until(lambda: cart in one.changed)
            await list_.until(lambda: whole in list_.changed)
            await asyncio.sleep(0.5)
            assert not other.changed

    apart(run())


def test_a_feed_that_began_anew_is_told_to_everybody(
    session: str, registry: Registry, store: Client
) -> None:
    from console.live.stream import Streams

    cart = f"service:{registry.pk}/shop/cart"
    _commit(store, registry, "cart")

    async def run() -> None:
        streams = Streams()
        async with opened(streams, cart, cookie=session) as page:
            await page.ready()
            await asyncio.to_thread(store.flushdb)
            await asyncio.to_thread(_commit, store, registry, "till")
            await page.until(lambda: cart in page.changed)

    apart(run())


def test_a_word_repeated_is_no_news_and_a_silent_worker_is(
    session: str, registry: Registry, store: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from console.live import hub
    from console.live.stream import Streams

    topic = f"registry:{registry.pk}"
    monkeypatch.setattr(hub, "_SILENT", 4_000)
    now = time.time_ns() // 1_000_000
    _say(store, registry, phase="connected", said_at=now)

    async def run() -> None:
        streams = Streams()
        async with opened(streams, topic, cookie=session) as page:
            await page.ready()
            await asyncio.to_thread(
                _say, store, registry, phase="connected", said_at=time.time_ns() // 1_000_000
            )
            await asyncio.sleep(1)
            assert not page.changed
            await page.until(lambda: topic in page.changed)  # it has said nothing for too long
            page.events.clear()
            await asyncio.to_thread(
                _say, store, registry, phase="failing", said_at=time.time_ns() // 1_000_000
            )
            await page.until(lambda: topic in page.changed)

    apart(run())


def test_a_saved_row_is_told_once_it_is_committed(session: str, store: Client) -> None:
    from console.live.stream import Streams

    registry = factories.make_registry()
    topic = f"rows:{registry.control_plane_id}"
    elsewhere = f"rows:{factories.make_control_plane().pk}"

    async def run() -> None:
        streams = Streams()
        async with opened(streams, topic, elsewhere, cookie=session) as page:
            await page.ready()
            await asyncio.to_thread(_save_another, registry)
            await page.until(lambda: topic in page.changed)
            assert elsewhere not in page.changed

    apart(run())


def test_everything_is_told_once_redis_is_back(
    session: str, registry: Registry, store: Client
) -> None:
    from django.conf import settings

    from console import redis
    from console.live.stream import Streams

    topic = f"registry:{registry.pk}"
    away = True

    def connect() -> Client:
        client = redis.connect_async(settings.REDIS_URL)
        pipeline = client.pipeline

        def cut(**options: object) -> object:
            if away:
                raise redis.redis.exceptions.ConnectionError("away")
            return pipeline(**options)

        client.pipeline = cut
        return client

    async def run() -> None:
        nonlocal away
        streams = Streams(connect)
        async with opened(streams, topic, cookie=session) as page:
            await asyncio.sleep(0.5)
            assert page.events == []
            away = False
            await page.until(lambda: topic in page.changed)
            assert ("ready", []) in page.events

    apart(run())


def test_a_stranger_gets_no_stream(session: str, registry: Registry) -> None:
    from console.live.stream import Streams

    async def run() -> None:
        streams = Streams()
        for cookie, method, status in (
            ("", "GET", 403),
            ("sessionid=made-up", "GET", 403),
            (session, "POST", 405),
        ):
            topic = f"registry:{registry.pk}"
            async with opened(streams, topic, cookie=cookie, method=method) as page:
                await page.until(lambda page=page: page.ended)
                assert page.status == status

    apart(run())


def test_nobody_looks_while_nobody_listens(session: str, registry: Registry, store: Client) -> None:
    from console.live.stream import Streams

    async def run() -> None:
        streams = Streams()
        async with opened(streams, f"registry:{registry.pk}", cookie=session) as page:
            await page.ready()
        assert streams.hub.listeners == 0
        await asyncio.sleep(0.5)
        before = store.info("commandstats")
        await asyncio.sleep(1.0)
        after = store.info("commandstats")
        looks = "cmdstat_xrevrange"
        assert after[looks]["calls"] == before[looks]["calls"]

    apart(run())


def test_streams_end_when_the_process_is_told_to(session: str, registry: Registry) -> None:
    from console.live.stream import Streams

    async def run() -> None:
        streams = Streams()
        async with opened(streams, f"registry:{registry.pk}", cookie=session) as page:
            await page.ready()
            streams.hub.close()
            await page.until(lambda: page.ended)

    apart(run())


def test_of_very_many_topics_the_first_are_listened_to(
    session: str, registry: Registry, store: Client
) -> None:
    from console.live.stream import Streams
    from console.live.topics import MOST

    cart = f"service:{registry.pk}/shop/cart"
    others = [f"service:{registry.pk}/shop/s{number:03}" for number in range(2 * MOST)]
    _commit(store, registry, "cart")

    async def run() -> None:
        streams = Streams()
        async with opened(streams, cart, *others, cookie=session) as page:
            await page.ready()
            assert page.status == 200
            await asyncio.to_thread(_commit, store, registry, "cart")
            await page.until(lambda: cart in page.changed)

    apart(run())


@pytest.mark.parametrize(
    "text",
    ["", "registry", "registry:1", "nothing:0b0e4a4e-6f0e-4d7b-9a53-9f5e7a0f0000", "service:x/y/z"],
)
def test_what_is_no_topic_is_passed_over(text: str) -> None:
    from console.live.topics import parse

    assert parse(text) is None


def test_topics_of_other_control_planes_are_not_told(store: Client, bo_session: str) -> None:
    from console.live.stream import Streams

    mine = factories.make_registry()  # an editor of the first control plane
    theirs = factories.make_registry()
    topics = [f"registry:{theirs.pk}", f"rows:{theirs.control_plane_id}", f"registry:{mine.pk}"]

    async def run() -> None:
        streams = Streams()
        async with opened(streams, *topics, cookie=bo_session) as page:
            await page.ready()
            await asyncio.to_thread(_commit, store, theirs, "cart")
            await asyncio.to_thread(_save_another, theirs)
            await asyncio.to_thread(_commit, store, mine, "cart")
            await page.until(lambda: f"registry:{mine.pk}" in page.changed)
            await asyncio.sleep(0.5)
            assert page.changed == {f"registry:{mine.pk}"}

    apart(run())
