"""Work that kills its workers kills three at most; the others' work goes on."""

from __future__ import annotations

import threading

import pytest

from console import quarantine
from console.contract import keys
from console.ownership import Ownership, own
from console.quarantine import Hold
from console.redis import Client
from tests.ownership import loops
from tests.ownership.conftest import GAP, Seen
from tests.ownership.workers import TTL, running, worker
from tests.threads import eventually

OWNER = keys.registry("tested")


def crash(store: Client) -> None:
    """What a worker that dies with the work on trial leaves behind."""
    quarantine.begin(store, OWNER)


def test_who_does_not_crash_is_not_held_back(store: Client) -> None:
    assert quarantine.examine(store, OWNER) is None
    quarantine.begin(store, OWNER)
    quarantine.settle(store, OWNER)
    assert quarantine.examine(store, OWNER) is None


def test_suspects_wait_for_seconds_and_the_third_crash_is_quarantine(store: Client) -> None:
    waits = []
    for _ in range(9):
        crash(store)
        hold = quarantine.examine(store, OWNER, chance=0.5)
        assert hold is not None
        assert 0 < store.pttl(keys.held_back(OWNER)) <= hold.seconds * 1000
        waits.append(hold.seconds)
    assert waits == [3.75, 7.5, 60, 120, 240, 480, 960, 1800, 1800]


def test_a_crash_is_counted_once(store: Client) -> None:
    crash(store)
    assert quarantine.examine(store, OWNER) is not None
    assert quarantine.examine(store, OWNER) is None


def test_who_has_settled_is_forgiven_after_a_while(store: Client) -> None:
    crash(store)
    quarantine.examine(store, OWNER)
    remembered = store.ttl(keys.crashes(OWNER))
    quarantine.begin(store, OWNER)
    quarantine.settle(store, OWNER)
    assert 0 < store.ttl(keys.crashes(OWNER)) <= 600 < remembered


def test_held_back_work_does_not_begin_and_says_so_from_the_third_time(store: Client) -> None:
    told: list[Hold] = []
    for _ in range(3):
        crash(store)
        assert not own(
            OWNER,
            claim_epoch=lambda: 1,
            body=lambda ownership: pytest.fail("it ran"),
            stop=threading.Event(),
            quarantined=told.append,
        )
    assert [hold.crashes for hold in told] == [3]
    assert "tried again in 1 min" in told[0].text
    assert store.get(keys.lease(OWNER)) is None


@pytest.mark.parametrize("settles", [True, False])
def test_an_end_or_a_failure_is_no_crash(store: Client, settles: bool) -> None:
    def body(ownership: Ownership) -> None:
        assert store.exists(keys.trial(OWNER))
        if settles:
            ownership.settled()
            assert not store.exists(keys.trial(OWNER))
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError):
        own(OWNER, claim_epoch=lambda: 1, body=body, stop=threading.Event())
    assert not store.exists(keys.trial(OWNER))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_poisoned_loop_kills_three_workers_and_harms_nobody_else(
    seen: Seen, store: Client
) -> None:
    innocent = [f"{n:02}" for n in range(12)]
    workers = [worker() for _ in range(5)]
    with running(*workers):
        eventually(lambda: seen.alive() == 5, within=40)
        seen.want(*innocent)
        seen.all_run()
        store.sadd(loops.POISONED, "poison")
        seen.want("poison")
        eventually(lambda: len(seen.begun("poison")) == 3, within=60)
        eventually(
            lambda: int(store.get(keys.crashes(keys.registry("poison"))) or 0) == 3, within=20
        )
        eventually(lambda: len(seen.runners()) == 12, within=TTL + 20)
        assert sum(one.alive for one in workers) == 2
        assert seen.longest_gap(15, *innocent) < GAP
        assert len(seen.begun("poison")) == 3
        assert not any(store.exists(keys.crashes(keys.registry(one))) for one in innocent)
