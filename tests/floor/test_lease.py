"""The lease: one holder, who believes in it only by its own clock."""

from __future__ import annotations

import pytest

from console.lease import Lease
from console.redis import Client, RedisError
from tests.relay import relay_to
from tests.threads import eventually

KEY = "portolan:test:lease"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def lease(
    store: Client, holder: str = "me", *, ttl: float = 30.0, clock: Clock | None = None
) -> Lease:
    return Lease(store, KEY, holder=holder, ttl=ttl, clock=clock or Clock())


def steal(store: Client) -> None:
    """What the successor does once a lease has run out."""
    store.set(KEY, "successor")


def test_one_holder_at_a_time(store: Client) -> None:
    assert lease(store, "me").acquire()
    assert not lease(store, "you").acquire()
    assert store.get(KEY) == b"me"
    assert 25_000 < store.pttl(KEY) <= 30_000


def test_is_not_held_before_it_was_acquired(store: Client) -> None:
    mine = lease(store)
    assert not mine.held
    mine.acquire()
    assert mine.held


def test_is_held_by_the_clock_and_ends_a_margin_before_others_may(store: Client) -> None:
    clock = Clock()
    mine = lease(store, clock=clock)
    mine.acquire()
    clock.now += 24.9
    assert mine.held
    clock.now += 0.2
    assert not mine.held, "five seconds before the lease itself ends"


def test_a_renewal_counts_from_before_it_was_asked_for(store: Client) -> None:
    clock = Clock()
    mine = lease(store, clock=clock)
    mine.acquire()
    clock.now += 20
    assert mine.renew()
    clock.now += 24.9
    assert mine.held
    clock.now += 0.2
    assert not mine.held


def test_a_stolen_lease_is_lost_at_the_next_renewal(store: Client) -> None:
    mine = lease(store)
    mine.acquire()
    steal(store)
    assert not mine.renew()
    assert not mine.held
    assert store.get(KEY) == b"successor"


def test_a_lease_that_ran_out_is_not_taken_back(store: Client) -> None:
    clock = Clock()
    mine = lease(store, clock=clock)
    mine.acquire()
    store.delete(KEY)  # the end of its time
    clock.now += 31
    assert not mine.renew()
    assert store.get(KEY) is None


def test_a_lease_that_redis_lost_is_taken_back(store: Client) -> None:
    mine = lease(store)
    mine.acquire()
    store.flushdb()
    assert mine.renew()
    assert mine.held
    assert store.get(KEY) == b"me"
    assert store.pttl(KEY) > 25_000


def test_a_thread_renews_it(store: Client) -> None:
    mine = Lease(store, KEY, holder="me", ttl=1.8)
    mine.acquire()
    with mine:
        for _ in range(3):
            eventually(lambda: store.pttl(KEY) < 1_500)
            eventually(lambda: store.pttl(KEY) > 1_600)
            assert mine.held
    assert store.get(KEY) is None
    assert not mine.held


def test_the_thread_notices_a_theft(store: Client) -> None:
    mine = Lease(store, KEY, holder="me", ttl=0.6)
    mine.acquire()
    with mine:
        steal(store)
        eventually(lambda: not mine.held)
    assert store.get(KEY) == b"successor", "only its own lease is released"


def test_a_silent_server_ends_it_by_the_clock(store: Client) -> None:
    from django.conf import settings

    from console import redis

    with relay_to(settings.REDIS_URL) as (relay, url):
        client = redis.connect(url)
        mine = Lease(client, KEY, holder="me", ttl=0.6)
        mine.acquire()
        with mine:
            relay.refuse()
            eventually(lambda: not mine.held)
        client.close()


def test_a_short_absence_is_ridden_out(store: Client) -> None:
    from django.conf import settings

    from console import redis

    with relay_to(settings.REDIS_URL) as (relay, url):
        client = redis.connect(url)
        mine = Lease(client, KEY, holder="me", ttl=4)
        mine.acquire()
        with mine:
            relay.refuse()
            eventually(lambda: store.pttl(KEY) < 2_400)
            relay.admit()
            eventually(lambda: store.pttl(KEY) > 3_500)
            assert mine.held
        client.close()


def test_a_doubt_while_acquiring_is_not_a_lease(store: Client) -> None:
    from django.conf import settings

    from console import redis

    with relay_to(settings.REDIS_URL) as (relay, url):
        client = redis.connect(url)
        mine = Lease(client, KEY, holder="me", ttl=30)
        client.ping()
        relay.swallow()
        with pytest.raises(RedisError):
            mine.acquire()
        assert not mine.held
        client.close()
