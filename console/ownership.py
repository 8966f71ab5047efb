"""How every long task runs: take the lease → work behind a new epoch → release.

`own` runs a body as the only one for its owner. The lease makes sure that usually one worker
works; the epoch, taken from PostgreSQL after the lease, makes sure that only the newest is
heard: a worker that slept through the end of its lease finds its writes refused.

A worker that is full, or has its share while others have room, declines and offers the work to
the others (`console.ensuring`). Work that kills its workers is held back (`console.quarantine`).
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, connection

from console import crew, quarantine, redis, wakeups
from console.contract import keys
from console.ensuring import decline, ensure, offer
from console.feed import Fenced
from console.lease import Lease
from console.loops import LOOPS
from console.quarantine import Hold
from console.redis import Client, RedisError

__all__ = ["LostOwnership", "Ownership", "claim", "ensure", "own"]

if TYPE_CHECKING:
    from console.models import Owned

log = logging.getLogger(__name__)


class LostOwnership(Exception):
    """The lease is gone: another worker has taken over or will."""


class Ownership:
    """What a body is given: whether to go on, and the epoch to write under.

    A body that asks neither `going` nor `prove` for `WORKER_STUCK_AFTER` seconds loses its lease.
    """

    def __init__(
        self, owner: str, lease: Lease, stop: threading.Event, epoch: int, *, client: Client
    ) -> None:
        self._owner = owner
        self._lease = lease
        self._stop = stop
        self._client = client
        self._given_back = threading.Event()
        self._settled = False
        self.holder = lease.holder  # who works, for people
        self.epoch = epoch

    @property
    def going(self) -> bool:
        self._lease.touch()
        return self._lease.held and not self.ending

    @property
    def ending(self) -> bool:
        """Whether another worker is to take over, because this one stops or has too many."""
        return self._stop.is_set() or self._given_back.is_set()

    @property
    def movable(self) -> bool:
        """Whether it may be given back: not on trial, and not on its way out."""
        return self._settled and not self.ending

    def settled(self) -> None:
        """Tell that the body has survived what it was given: everything is read and written once.
        What kills its worker before that, again and again, is put into quarantine. Cheap to call
        again."""
        if self._settled or not self._lease.held:
            return  # without the lease the marker is somebody else's
        self._settled = True
        try:
            quarantine.settle(self._client, self._owner)
        except RedisError as error:
            log.warning("%s: not told that it settled: %s", self._owner, error)

    def give_back(self) -> None:
        """Let another worker take over: `going` turns false."""
        self._given_back.set()

    def prove(self) -> None:
        """Raise `LostOwnership` unless the lease is held; call it right before a write."""
        self._lease.touch()
        if not self._lease.held:
            raise LostOwnership


def own(
    owner: str,
    *,
    claim_epoch: Callable[[], int],
    body: Callable[[Ownership], None],
    stop: threading.Event,
    lift_epoch: Callable[[int], bool] | None = None,
    quarantined: Callable[[Hold], None] | None = None,
) -> bool:
    """Run `body` as the owner's only worker; tell whether it was run.

    Returns when the body does. The body returns soon after `going` turned false.

    `lift_epoch` raises the owner's epoch to at least a number and tells whether it was lower: it is
    asked when the feed knows a higher epoch than PostgreSQL, as it does after an old backup of
    PostgreSQL was restored. `quarantined` says on the owner's board why its work does not begin.
    """
    client = redis.store()
    kind = keys.kind(owner)
    if stop.is_set() or not LOOPS.enter(kind):
        decline(client, owner)
        return False
    try:
        client.delete(keys.queued(owner))
        holder = f"{LOOPS.name}:{secrets.token_hex(8)}"
        lease = Lease(
            client,
            keys.lease(owner),
            holder=holder,
            ttl=settings.LEASE_TTL,
            patience=settings.WORKER_STUCK_AFTER,
        )
        if not lease.acquire():
            return False
        with lease:
            hold = quarantine.examine(client, owner)
            if hold is not None:
                _hold_back(owner, hold, quarantined)
                return False
            try:
                ownership = Ownership(owner, lease, stop, claim_epoch(), client=client)
            except ObjectDoesNotExist:
                return False  # deleted while its work was queued
            except DatabaseError as error:
                log.warning("%s: PostgreSQL gives no epoch: %s", owner, error)
                return False
            log.info("%s: taken for epoch %d", owner, ownership.epoch)
            again = _run(client, owner, ownership, body, lift_epoch)
            if ownership.ending:
                offer(client, owner)
    finally:
        LOOPS.leave(kind)
    log.info("%s: released", owner)
    if stop.is_set():
        crew.leave(client, LOOPS.name)
    if again or ownership.ending:
        wakeups.ring(owner)  # workers look for work at once
    return True


def claim(row: type[Owned], row_id: str) -> int:
    """Claim the next epoch for a loop in a thread of its own, and leave PostgreSQL: hundreds of
    threads that each keep the connection they got their epoch by are more than a server admits.
    Raises `DoesNotExist`, `DatabaseError`."""
    try:
        return row.claim_epoch(row_id)
    finally:
        connection.close()


def _run(
    client: Client,
    owner: str,
    ownership: Ownership,
    body: Callable[[Ownership], None],
    lift_epoch: Callable[[int], bool] | None,
) -> bool:
    """Run the body on trial; tell whether it should be begun again at once."""
    quarantine.begin(client, owner)
    LOOPS.started(keys.kind(owner), ownership)
    try:
        body(ownership)
    except LostOwnership:
        log.warning("%s: lease lost", owner)
    except Fenced as error:
        if lift_epoch is not None and lift_epoch(error.epoch):
            log.warning("%s: %s, and PostgreSQL knew less; lifted", owner, error)
            return True
        log.warning("%s: another worker has taken over: %s", owner, error)
    finally:
        LOOPS.ended(keys.kind(owner), ownership)
        ownership.settled()  # whatever its end: its process lives
    return False


def _hold_back(owner: str, hold: Hold, quarantined: Callable[[Hold], None] | None) -> None:
    if not hold.quarantined:
        log.warning("%s: held back for %.1f s: its worker died", owner, hold.seconds)
        return
    log.error("%s: %s", owner, hold.text)
    if quarantined is not None:
        quarantined(hold)
