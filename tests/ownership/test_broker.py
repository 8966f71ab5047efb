"""Running loops need no broker, and new ones start without it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from django.conf import settings

from console.contract import keys
from console.redis import Client
from tests.ownership import loops
from tests.ownership.conftest import GAP, Seen
from tests.ownership.workers import beat, running, worker
from tests.relay import Relay, relay_to
from tests.threads import eventually

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    # The way to the broker is cut under its clients; what they leave of it is not what is tested.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def way() -> Iterator[tuple[Relay, str]]:
    """A way to the broker that can fail, and its URL."""
    with relay_to(settings.REDIS_BROKER_URL) as found:
        yield found


def test_loops_go_on_and_begin_while_the_broker_is_away(seen: Seen, way: tuple[Relay, str]) -> None:
    relay, url = way
    one = worker(REDIS_BROKER_URL=url)
    with running(one):
        seen.want("a", "b")
        seen.all_run()
        relay.refuse()
        assert seen.longest_gap(5) < GAP
        assert len(seen.begun("a")) == len(seen.begun("b")) == 1
        seen.want("c")
        seen.all_run()
        assert one.said.count("the broker is away") == 1
        relay.admit()
        time.sleep(2)
        seen.want("d")
        seen.all_run()
        assert all(len(seen.begun(loop)) == 1 for loop in "abcd")


def test_a_worker_that_never_found_the_broker_works(seen: Seen, way: tuple[Relay, str]) -> None:
    relay, url = way
    relay.refuse()
    seen.want("a")
    one = worker(REDIS_BROKER_URL=url)
    with running(one):
        seen.all_run()


def test_a_deaf_worker_starts_what_is_queued_and_not_taken(seen: Seen, store: Client) -> None:
    one = worker()
    with running(one):
        eventually(lambda: seen.alive() == 1, within=15)
        seen.want("a")
        # As if another had queued it, and its message was lost with the broker's memory.
        store.set(keys.queued(keys.registry("a")), 1, ex=30)
        # Long before the word that it is queued runs out.
        took = seen.all_run(within=25)
        assert took > 8
        assert one.said.count("started without the broker") == 1


@pytest.mark.parametrize("beats", [0, 1, 3])
def test_any_number_of_beats_will_do(seen: Seen, beats: int) -> None:
    processes = [worker(), worker(), *(beat() for _ in range(beats))]
    with running(*processes):
        eventually(lambda: seen.alive() == 2, within=20)
        seen.want(*"abcdef")
        seen.all_run()
        assert seen.longest_gap(4) < GAP
        # A worker that took more than its share has given some back; nothing began besides.
        given_back = sum(one.said.count(": released") for one in processes)
        assert sum(len(seen.begun(one)) for one in "abcdef") == 6 + given_back


@pytest.mark.parametrize("beats", [0, 1, 3])
def test_any_number_of_beats_will_do_without_the_broker(
    seen: Seen, way: tuple[Relay, str], beats: int
) -> None:
    relay, url = way
    one = worker(REDIS_BROKER_URL=url)
    # Beats reach the broker; what they put there does not reach the worker.
    processes = [one, *(beat() for _ in range(beats))]
    with running(*processes):
        eventually(lambda: seen.alive() == 1, within=20)
        relay.refuse()
        seen.want(*"abcdef")
        seen.all_run(within=30)
        assert all(len(seen.begun(loop)) == 1 for loop in "abcdef")


def test_loops_that_began_without_the_broker_are_handed_over_too(
    seen: Seen, store: Client, way: tuple[Relay, str]
) -> None:
    relay, url = way
    relay.refuse()
    seen.want("a", "b")
    store.sadd(loops.SLOW, "a")
    first = worker(REDIS_BROKER_URL=url)
    with running(first):
        seen.all_run()
        assert first.term() > 1
        assert store.get(keys.lease(keys.registry("a"))) is None, "released, not run out"
        second = worker()
        with running(second):
            # The first one's word counts for a moment after its end.
            eventually(lambda: seen.by(second.pid) == 2, within=20)
