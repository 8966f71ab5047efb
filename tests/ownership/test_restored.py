"""PostgreSQL was restored from an old backup: its epochs are lower than the fences in Redis."""

from __future__ import annotations

import threading
import time

import pytest

from applications import follower
from console.contract import keys
from console.feed import FeedWriter, Fenced
from console.models import ControlPlane
from console.ownership import Ownership, own
from console.redis import Client
from console.wakeups import WakeupReader
from tests.factories import make_control_plane
from tests.threads import eventually, owned

pytestmark = pytest.mark.django_db(transaction=True)


def epoch_of(row: str) -> int:
    return ControlPlane.objects.values_list("epoch", flat=True).get(pk=row)


def run(row: str, store: Client) -> None:
    """One worker's try to write the control plane's feed."""

    def body(ownership: Ownership) -> None:
        feed = keys.feed(keys.control_plane(row))
        FeedWriter(store, feed, epoch=ownership.epoch).open()

    own(
        keys.control_plane(row),
        claim_epoch=lambda: ControlPlane.claim_epoch(row),
        lift_epoch=lambda epoch: ControlPlane.lift_epoch(row, epoch),
        body=body,
        stop=threading.Event(),
    )


def fence(row: str, store: Client) -> int:
    return int(store.hget(keys.feed(keys.control_plane(row)).meta, "epoch"))


def test_the_second_try_is_heard(store: Client) -> None:
    row = str(make_control_plane().pk)
    store.hset(keys.feed(keys.control_plane(row)).meta, "epoch", 1_000)
    wakeups = WakeupReader(store)
    run(row, store)
    assert (epoch_of(row), fence(row, store)) == (1_000, 1_000)
    wakeups.absorb(store.xread({keys.wakeups(): wakeups.last_id})[0][1])
    assert wakeups.take() == {keys.control_plane(row)}, "the second try comes at once"
    run(row, store)
    assert (epoch_of(row), fence(row, store)) == (1_001, 1_001)


def test_who_is_merely_stale_lifts_nothing(store: Client) -> None:
    row = str(make_control_plane().pk)

    def body(ownership: Ownership) -> None:
        newest = ControlPlane.claim_epoch(row)
        feed = keys.feed(keys.control_plane(row))
        FeedWriter(store, feed, epoch=newest).open()
        FeedWriter(store, feed, epoch=ownership.epoch).open()

    own(
        keys.control_plane(row),
        claim_epoch=lambda: ControlPlane.claim_epoch(row),
        lift_epoch=lambda epoch: ControlPlane.lift_epoch(row, epoch),
        body=body,
        stop=threading.Event(),
    )
    assert epoch_of(row) == 2
    assert fence(row, store) == 2


def test_the_refusal_names_the_epoch_that_owns_the_feed(store: Client) -> None:
    feed = keys.feed(keys.control_plane("fenced"))
    FeedWriter(store, feed, epoch=7).open()
    with pytest.raises(Fenced) as refusal:
        FeedWriter(store, feed, epoch=6).open()
    assert refusal.value.epoch == 7


def test_a_compiler_gets_past_it(store: Client) -> None:
    row = str(make_control_plane().pk)
    store.hset(keys.feed(keys.control_plane(row)).meta, "epoch", 50)
    for expected in (50, 51):
        _compile_until(row, expected)
        assert fence(row, store) == expected


def _compile_until(row: str, epoch: int) -> None:
    with owned(
        keys.control_plane(row),
        claim_epoch=lambda: ControlPlane.claim_epoch(row),
        lift_epoch=lambda epoch: ControlPlane.lift_epoch(row, epoch),
        body=lambda ownership: follower.compile_(row, ownership),
    ):
        eventually(lambda: epoch_of(row) == epoch)
        time.sleep(0.2)
