"""Loops are spread evenly over the workers that are there, none takes more than its maximum."""

from __future__ import annotations

import signal
import time

import pytest

from console.contract import keys
from console.redis import Client
from tests.ownership.conftest import Seen
from tests.ownership.workers import TTL, running, worker
from tests.threads import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def ids(number: int) -> list[str]:
    return [f"{n:03}" for n in range(number)]


def test_a_worker_takes_no_more_than_its_maximum_and_another_the_rest(seen: Seen) -> None:
    first = worker(WORKER_MAX_LOOPS="3")
    with running(first):
        eventually(lambda: seen.alive() == 1, within=30)
        seen.want(*ids(8))
        eventually(lambda: seen.by(first.pid) == 3, within=30)
        time.sleep(2)
        assert len(seen.runners()) == 3
        second = worker()
        with running(second):
            seen.all_run()
            assert seen.by(first.pid) == 3
            assert seen.by(second.pid) == 5


def test_a_full_pool_keeps_no_messages_from_the_others(seen: Seen) -> None:
    first = worker(threads=2, queues="watch")
    with running(first):
        eventually(lambda: seen.alive() == 1, within=30)
        seen.want(*ids(2))
        eventually(lambda: seen.by(first.pid) == 2, within=30)
        second = worker(queues="watch")
        with running(second):
            eventually(lambda: seen.alive() == 2, within=30)
            time.sleep(1)
            seen.want(*ids(6))
            took = seen.all_run()
            assert seen.by(second.pid) == 4
            assert took < 4, f"{took:.1f} s: no loop waited for a message that the first kept"


def test_a_worker_that_joins_gets_its_share_little_by_little(seen: Seen) -> None:
    seen.want(*ids(6))
    first = worker()
    with running(first):
        seen.all_run()
        assert seen.by(first.pid) == 6
        second = worker()
        with running(second):
            eventually(lambda: seen.by(second.pid) >= 1, within=30)
            gap = seen.longest_gap(3 * TTL + 2)
            eventually(lambda: (seen.by(first.pid), seen.by(second.pid)) == (3, 3), within=30)
            assert gap < 2, f"{gap:.2f} s without a runner"
            before = seen.runners()
            time.sleep(2 * TTL)
            assert seen.runners() == before, "even loads stay where they are"
    assert all(len(seen.begun(one)) <= 2 for one in ids(6)), "the giver took none again"


def test_many_loops_change_hands_at_once(seen: Seen, store: Client) -> None:
    first, second = worker(threads=128), worker(threads=128)
    leases = [keys.lease(keys.registry(one)) for one in ids(80)]
    with running(first, second):
        eventually(lambda: seen.alive() == 2, within=30)
        seen.want(*ids(80))
        eventually(lambda: (seen.by(first.pid), seen.by(second.pid)) == (40, 40), within=30)
        first.signal(signal.SIGTERM)
        free, longest, end = dict.fromkeys(leases, 0.0), 0.0, time.monotonic() + 30
        while seen.by(second.pid) < 80 and time.monotonic() < end:
            now = time.monotonic()
            for key, holder in zip(leases, store.mget(leases), strict=True):
                free[key] = 0.0 if holder else free[key] or now
                longest = max(longest, now - free[key] if free[key] else 0)
        assert seen.by(second.pid) == 80
        assert longest < 5, f"{longest:.2f} s without a worker"
        first.term(within=20)
