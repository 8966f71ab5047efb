"""One feed, its writers and readers, and a way to Redis that can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest
from django.conf import settings

from console import redis
from console.contract import keys
from console.contract.keys import FeedKeys
from console.feed import FeedReader, FeedWriter
from console.redis import Client
from tests.relay import Relay, relay_to

FEED = keys.feed("registry:tested")

MakeWriter = Callable[..., FeedWriter]


class View:
    """What somebody who follows the feed believes; every report that changes nothing is a fault of
    the reader."""

    def __init__(self, client: Client, feed: FeedKeys = FEED) -> None:
        self.now = 0.0
        self.reader = FeedReader(client, feed, clock=lambda: self.now)
        self.states: dict[str, bytes] = {}
        self._client = client

    def look(self, *, later: float = 0.0) -> View:
        """Follow until nothing comes any more."""
        self.now += later
        before = None
        while before != (self.reader.position, self.states):
            before = (self.reader.position, dict(self.states))
            came = self._client.xread({self.reader.stream: self.reader.last_id})
            self.reader.absorb(came[0][1] if came else ())
            self.adopt()
        return self

    def adopt(self) -> None:
        for key, state in self.reader.take().items():
            if state is None:
                del self.states[key]
            else:
                assert self.states.get(key) != state, f"{key} was reported without a change"
                self.states[key] = state


@pytest.fixture
def feed(store: Client) -> FeedKeys:
    return FEED


@pytest.fixture
def make_writer(store: Client) -> MakeWriter:
    moments = count(1_700_000_000.0)

    def make(epoch: int = 1, *, client: Client = store, opened: bool = True) -> FeedWriter:
        writer = FeedWriter(client, FEED, epoch=epoch, now=lambda: next(moments))
        if opened:
            writer.open()
        return writer

    return make


@pytest.fixture
def view(store: Client) -> View:
    return View(store)


@pytest.fixture
def relayed(store: Client) -> Iterator[tuple[Relay, Client]]:
    """A relay, and a client that goes through it."""
    with relay_to(settings.REDIS_URL) as (relay, url):
        client = redis.connect(url)
        yield relay, client
        client.close()


def states(store: Client) -> dict[str, bytes]:
    return {key.decode(): value for key, value in store.hgetall(FEED.states).items()}


def entries(store: Client) -> list[str]:
    return [entry_id.decode() for entry_id, _ in store.xrange(FEED.changes)]


def meta(store: Client) -> dict[str, str]:
    return {key.decode(): value.decode() for key, value in store.hgetall(FEED.meta).items()}
