"""When commits are made: at once after a quiet moment, together under load, never late."""

from __future__ import annotations

import pytest

from console.contract import keys
from console.feed import FeedWriter
from console.redis import Client
from registries.endpoints import EndpointStore
from registries.publisher import LONGEST_REST, REST, Publisher
from tests.registries.parts import part


class Clock:
    """Moves on by `cost` each time it is asked, as if everything took that long."""

    def __init__(self, cost: float) -> None:
        self.now, self.cost = 0.0, cost

    def __call__(self) -> float:
        self.now += self.cost
        return self.now


def publishing(client: Client, clock: Clock) -> tuple[EndpointStore, Publisher]:
    store = EndpointStore()
    writer = FeedWriter(client, keys.feed(keys.registry("paced")), epoch=1)
    publisher = Publisher(store, writer, clock=clock)
    publisher.open()
    store.replace("", [part("web-1", "10.0.0.1")])
    return store, publisher


def test_a_quiet_publisher_does_not_rest(store: Client) -> None:
    clock = Clock(0.001)
    _, publisher = publishing(store, clock)
    assert publisher.rest == 0, "nothing was committed yet"
    publisher.publish()
    clock.now += 0.01
    assert publisher.rest == 0


def test_commits_are_half_of_the_time_at_most(store: Client) -> None:
    clock = Clock(0.001)
    _, publisher = publishing(store, clock)
    publisher.publish()
    clock.cost = 0.0
    assert publisher.rest == pytest.approx(REST * 0.001)


def test_nothing_waits_longer_for_a_slow_redis(store: Client) -> None:
    clock = Clock(1.0)
    _, publisher = publishing(store, clock)
    publisher.publish()
    clock.cost = 0.0
    assert publisher.rest == pytest.approx(LONGEST_REST)


def test_what_says_nothing_new_is_no_reason_to_rest(store: Client) -> None:
    clock = Clock(0.001)
    endpoints, publisher = publishing(store, clock)
    publisher.publish()
    clock.now += 1
    endpoints.put(part("web-1", "10.0.0.9"))
    endpoints.put(part("web-1", "10.0.0.1"))
    assert not publisher.publish()
    assert publisher.rest == 0
