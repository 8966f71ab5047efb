"""A body that does not look at its ownership any more loses it, though its lease is renewed by
another thread."""

from __future__ import annotations

import threading
import time

import pytest
from pytest_django import Settings

from console.contract import keys
from console.lease import Lease
from console.ownership import LostOwnership, Ownership, own
from console.redis import Client
from tests.threads import eventually

OWNER = keys.registry("stuck")


@pytest.fixture(autouse=True)
def _quick(settings: Settings) -> None:
    # With room for a machine that stops for a second.
    settings.LEASE_TTL = 1.5
    settings.WORKER_STUCK_AFTER = 2.5


def test_another_takes_over_from_a_body_that_blocks(store: Client) -> None:
    freed, proved = threading.Event(), []

    def blocked(ownership: Ownership) -> None:
        assert ownership.going
        freed.wait(20)
        proved.append(ownership.going)
        with pytest.raises(LostOwnership):
            ownership.prove()

    stuck = threading.Thread(
        target=own,
        args=(OWNER,),
        kwargs={"claim_epoch": lambda: 1, "body": blocked, "stop": threading.Event()},
    )
    began = time.monotonic()
    stuck.start()
    try:
        eventually(lambda: store.get(keys.lease(OWNER)) is not None)
        first = store.get(keys.lease(OWNER))
        eventually(lambda: store.get(keys.lease(OWNER)) is None)
        assert time.monotonic() - began > 2.0
        store.set(keys.lease(OWNER), "successor")
        freed.set()
    finally:
        freed.set()
        stuck.join(20)
    assert proved == [False]
    assert store.get(keys.lease(OWNER)) == b"successor" != first


def test_a_body_that_looks_now_and_then_keeps_it(store: Client) -> None:
    seen = []

    def slow(ownership: Ownership) -> None:
        for _ in range(4):
            time.sleep(0.9)
            seen.append(ownership.going)

    assert own(OWNER, claim_epoch=lambda: 1, body=slow, stop=threading.Event())
    assert seen == [True] * 4


def test_a_body_that_only_proves_keeps_it_too(store: Client) -> None:
    def slow(ownership: Ownership) -> None:
        for _ in range(4):
            time.sleep(0.9)
            ownership.prove()

    assert own(OWNER, claim_epoch=lambda: 1, body=slow, stop=threading.Event())


def test_the_walls_clock_may_jump(store: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the time that goes by counts, not what the machine believes the time to be."""
    mine = Lease(store, keys.lease(OWNER), holder="me", ttl=1.5, patience=2.5)
    assert mine.acquire()
    with mine:
        for jump in (3600.0, -3600.0):
            now = time.time
            monkeypatch.setattr(time, "time", lambda now=now, jump=jump: now() + jump)
            for _ in range(8):
                mine.touch()
                assert mine.held
                time.sleep(0.1)
    assert not mine.held
