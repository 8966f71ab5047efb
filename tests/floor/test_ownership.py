"""One runner for an owner, each behind an epoch of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from console.contract import keys
from console.models import ControlPlane
from console.ownership import LostOwnership, Ownership, ensure, own
from console.redis import Client
from tests.factories import make_control_plane
from tests.threads import eventually, owned

OWNER = "registry:tested"


class Queue:
    """A Celery task, as far as `ensure` needs one."""

    def __init__(self) -> None:
        self.queued: list[str] = []

    def __call__(self, one: str, /) -> None:
        raise AssertionError("only a worker starts it without the queue")

    def delay(self, one: str, /) -> None:
        self.queued.append(one)


def run(body: Callable[[Ownership], None], *, stop: threading.Event | None = None) -> bool:
    return own(OWNER, claim_epoch=lambda: 7, body=body, stop=stop or threading.Event())


def test_runs_the_body_and_releases(store: Client) -> None:
    seen = []

    def body(ownership: Ownership) -> None:
        ownership.prove()
        seen.append((ownership.epoch, ownership.going, store.get(keys.lease(OWNER)) is not None))

    assert run(body)
    assert seen == [(7, True, True)]
    assert store.get(keys.lease(OWNER)) is None


def test_a_second_runner_ends_at_once(store: Client) -> None:
    store.set(keys.lease(OWNER), "another")
    claimed = []
    assert not own(
        OWNER,
        claim_epoch=lambda: claimed.append(1) or 1,
        body=lambda ownership: pytest.fail("it ran"),
        stop=threading.Event(),
    )
    assert claimed == [], "without the lease there is no epoch"
    assert store.get(keys.lease(OWNER)) == b"another"


def test_a_stopping_worker_takes_nothing(store: Client) -> None:
    stop = threading.Event()
    stop.set()
    assert not run(lambda ownership: pytest.fail("it ran"), stop=stop)
    assert store.get(keys.lease(OWNER)) is None


def test_what_a_stopping_worker_was_sent_is_offered_to_the_others(store: Client) -> None:
    stop = threading.Event()
    stop.set()
    store.set(keys.queued(OWNER), 1, ex=30)
    run(lambda ownership: pytest.fail("it ran"), stop=stop)
    assert store.get(keys.queued(OWNER)) == b"offered"


def test_what_was_queued_twice_leaves_no_marker_behind(store: Client) -> None:
    """Else the work would count as queued when its worker dies."""
    stop = threading.Event()
    stop.set()
    store.set(keys.lease(OWNER), "another")
    store.set(keys.queued(OWNER), 1, ex=30)
    run(lambda ownership: pytest.fail("it ran"), stop=stop)
    assert store.get(keys.queued(OWNER)) is None


def test_stopping_ends_the_body_and_releases(store: Client) -> None:
    def body(ownership: Ownership) -> None:
        while ownership.going:
            threading.Event().wait(0.01)

    with owned(OWNER, claim_epoch=lambda: 1, body=body):
        eventually(lambda: store.get(keys.lease(OWNER)) is not None)
    assert store.get(keys.lease(OWNER)) is None


def test_a_lost_lease_ends_the_body_quietly(store: Client) -> None:
    def body(ownership: Ownership) -> None:
        ownership._lease._until = 0.0
        assert not ownership.going
        ownership.prove()
        pytest.fail("proved without a lease")

    assert run(body)


def test_a_body_that_fails_releases_too(store: Client) -> None:
    def body(ownership: Ownership) -> None:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        run(body)
    assert store.get(keys.lease(OWNER)) is None


def test_a_row_that_is_gone_is_nobodys_work(store: Client, transactional_db: None) -> None:
    gone = "00000000-0000-0000-0000-000000000000"
    assert not own(
        OWNER,
        claim_epoch=lambda: ControlPlane.claim_epoch(gone),
        body=lambda ownership: pytest.fail("it ran"),
        stop=threading.Event(),
    )
    assert store.get(keys.lease(OWNER)) is None


def test_every_claim_is_a_newer_epoch(store: Client, transactional_db: None) -> None:
    row = str(make_control_plane().pk)
    found: list[int] = []
    lock = threading.Lock()

    def claim() -> None:
        from django.db import connections

        for _ in range(10):
            epoch = ControlPlane.claim_epoch(row)
            with lock:
                found.append(epoch)
        connections.close_all()

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 40
    assert ControlPlane.claim_epoch(row) > max(found)


def test_the_loss_is_an_exception_of_its_own() -> None:
    assert not issubclass(LostOwnership, OSError)


def test_ensure_queues_what_nobody_works_for(store: Client) -> None:
    store.set(keys.lease(keys.registry("2")), "somebody")
    queue = Queue()
    assert ensure(queue, ["1", "2", "3"], owner=keys.registry) == 2
    assert queue.queued == ["1", "3"]


def test_ensure_does_not_queue_twice(store: Client) -> None:
    queue = Queue()
    for _ in range(3):
        ensure(queue, ["1"], owner=keys.registry)
    assert queue.queued == ["1"]
    assert 0 < store.ttl(keys.queued(keys.registry("1"))) <= 30


def test_a_runner_takes_the_marker_away(store: Client) -> None:
    queue = Queue()
    ensure(queue, ["1"], owner=lambda one: OWNER)
    run(lambda ownership: None)
    ensure(queue, ["1"], owner=lambda one: OWNER)
    assert queue.queued == ["1", "1"]


def test_ensure_without_work_asks_nobody(store: Client) -> None:
    assert ensure(Queue(), [], owner=keys.registry) == 0
