"""How every long task runs: take the lease → work behind a new epoch → release.

`own` runs a body as the only one for its owner. The lease makes sure that usually one worker
works; the epoch, taken from PostgreSQL after the lease, makes sure that only the newest is
heard: a worker that slept through the end of its lease finds its writes refused.

`ensure` queues the work of owners that nobody works for. It may run anywhere, any number of
times, and is asked by beat as well as by every worker: a lease stops the second runner, and a
short-lived marker keeps a slow queue from filling with copies.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Protocol

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist

from console import redis, wakeups
from console.contract import keys
from console.lease import Lease

log = logging.getLogger(__name__)

_QUEUED_FOR = 10  # seconds that a queued task may wait before it is queued again


class LostOwnership(Exception):
    """The lease is gone: another worker has taken over or will."""


class Ownership:
    """What a body is given: whether to go on, and the epoch to write under."""

    def __init__(self, lease: Lease, stop: threading.Event, epoch: int) -> None:
        self._lease = lease
        self._stop = stop
        self.epoch = epoch

    @property
    def going(self) -> bool:
        return self._lease.held and not self._stop.is_set()

    def settled(self) -> None:
        """Tell that the body has survived what it was given: everything is read and written once.
        What kills its worker before that, again and again, is put into quarantine."""

    def prove(self) -> None:
        """Raise `LostOwnership` unless the lease is held; call it right before a write."""
        if not self._lease.held:
            raise LostOwnership


class Deferrable(Protocol):
    """A Celery task, as far as this module needs one."""

    def delay(self, _id: str, /) -> object: ...


def own(
    owner: str,
    *,
    claim_epoch: Callable[[], int],
    body: Callable[[Ownership], None],
    stop: threading.Event,
) -> bool:
    """Run `body` as the owner's only worker; tell whether the lease was got.

    Returns when the body does. The body returns soon after `going` turned false.
    """
    client = redis.store()
    client.delete(keys.queued(owner))
    lease = Lease(client, keys.lease(owner), holder=_new_holder(), ttl=settings.LEASE_TTL)
    if stop.is_set() or not lease.acquire():
        return False
    with lease:
        try:
            ownership = Ownership(lease, stop, claim_epoch())
        except ObjectDoesNotExist:
            return False  # deleted while its work was queued
        log.info("%s: taken for epoch %d", owner, ownership.epoch)
        try:
            body(ownership)
        except LostOwnership:
            log.warning("%s: lease lost", owner)
    log.info("%s: released", owner)
    if stop.is_set():
        wakeups.ring(owner)  # the workers that are left look for work at once
    return True


def ensure(task: Deferrable, ids: Iterable[str], *, owner: Callable[[str], str]) -> int:
    """Queue `task` for every id whose owner has no lease; tell how many were queued."""
    client = redis.store()
    wanted = list(ids)
    if not wanted:
        return 0
    held = client.mget([keys.lease(owner(one)) for one in wanted])
    queued = 0
    for one, holder in zip(wanted, held, strict=True):
        if holder is None and client.set(keys.queued(owner(one)), 1, nx=True, ex=_QUEUED_FOR):
            task.delay(one)
            queued += 1
    return queued


def _new_holder() -> str:
    """Name this holder for people who look into Redis; the random part makes it unique."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(8)}"
