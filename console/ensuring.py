"""Seeing to it that every owner has a worker.

`ensure` queues the work of owners that nobody works for. It may run anywhere, any number of
times, and is asked by beat as well as by every worker: a lease stops the second runner, and a
short-lived marker keeps a slow queue from filling with copies.

In a worker that serves the owners' kind it does more, because a message may not arrive: the broker
is away, or a worker has gone deaf to it, or the worker that took it has no room. Work that was
offered, or was queued and not taken in time, is started right here in a thread of its own. The
broker is the usual way, never the only one. And a worker with more than its share gives some back.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from django.conf import settings
from django.db import connections
from kombu.exceptions import OperationalError

from console import crew, redis, spread, wakeups
from console.contract import keys
from console.loops import LOOPS
from console.redis import Client

log = logging.getLogger(__name__)

_MARKED_FOR = 30  # seconds that a marker lives; then the work is queued again
_QUEUED_FOR = 10  # seconds that work may wait for the broker's way, or for one who has room
_OFFERED = b"offered"


class Startable(Protocol):
    """A Celery task, as far as this module needs one."""

    def __call__(self, _id: str, /) -> object: ...

    def delay(self, _id: str, /) -> object: ...


def ensure(task: Startable, ids: Iterable[str], *, owner: Callable[[str], str]) -> int:
    """Queue `task` for every id whose owner has no lease; tell how many were queued. Raises
    `RedisError`."""
    client = redis.store()
    wanted = {owner(one): one for one in ids}
    if not wanted:
        return 0
    held = client.mget([keys.lease(one) for one in wanted])
    holders = dict(zip(wanted, held, strict=True))
    kind = keys.kind(next(iter(wanted)))
    if kind in LOOPS.kinds:
        LOOPS.know(kind, _share(client, kind, holders.values()))
        given = LOOPS.give_back(kind, every=settings.LEASE_TTL)
        if given:
            log.info("%d %s loops given back: other workers have fewer", given, kind)
    free = [one for one, holder in holders.items() if holder is None]
    return _Look(client, kind, task, wanted).over(free) if free else 0


def decline(client: Client, owner: str) -> None:
    """Leave work that came by a message to the others. Raises `RedisError`."""
    if client.exists(keys.lease(owner)):
        client.delete(keys.queued(owner))  # it was queued twice; nothing waits any more
        return
    offer(client, owner)
    wakeups.ring(owner)


def offer(client: Client, owner: str) -> None:
    """Let any worker with room start the owner's work as soon as it has no lease, without a
    message, which might reach the one that gives it away. Raises `RedisError`."""
    client.set(keys.queued(owner), _OFFERED, ex=_MARKED_FOR)


class _Look:
    """One look at owners that nobody works for."""

    _broker_away_until = 0.0  # for the whole process: one who asked is enough

    def __init__(self, client: Client, kind: str, task: Startable, wanted: dict[str, str]) -> None:
        self._client = client
        self._kind = kind
        self._task = task
        self._wanted = wanted

    def over(self, free: Sequence[str]) -> int:
        """Queue what is not marked, start what the queue does not bring; tell how many were
        queued."""
        pipeline = self._client.pipeline(transaction=False)
        for one in free:
            pipeline.get(keys.queued(one)).ttl(keys.queued(one)).exists(keys.held_back(one))
        answers = pipeline.execute()
        queued, overdue = 0, 0
        for one, mark, left, held_back in zip(
            free, answers[::3], answers[1::3], answers[2::3], strict=True
        ):
            if held_back:
                continue
            waited = _MARKED_FOR - left
            if mark is None:
                queued += self._queue(one)
            elif waited >= _QUEUED_FOR:
                # Whoever should have taken it does not, for all its signs of life.
                overdue += self._start(one, share=False)
            elif mark == _OFFERED:
                self._start(one)
        if overdue:
            log.warning(
                "%d %s loops were not taken within %d s: started without the broker",
                *(overdue, self._kind, _QUEUED_FOR),
            )
        return queued

    def _queue(self, one: str) -> bool:
        if not self._client.set(keys.queued(one), 1, nx=True, ex=_MARKED_FOR):
            return False
        if time.monotonic() >= _Look._broker_away_until:
            try:
                self._task.delay(self._wanted[one])
            except OperationalError as error:
                log.warning("the broker is away, loops start without it: %s", error)
                _Look._broker_away_until = time.monotonic() + _QUEUED_FOR
            else:
                return True
        offer(self._client, one)
        if not self._start(one):
            wakeups.ring(one)
        return False

    def _start(self, one: str, *, share: bool = True) -> bool:
        if self._kind not in LOOPS.kinds or not LOOPS.may_take(self._kind, share=share):
            return False
        # Of those who see an offer one finds it still to be one.
        mark = self._client.set(keys.queued(one), 1, ex=_MARKED_FOR, get=True)
        if share and mark != _OFFERED:
            return False
        LOOPS.run(self._kind, lambda: self._work(self._wanted[one]), name=one)
        return True

    def _work(self, one: str) -> None:
        try:
            self._task(one)
        except Exception:  # as in Celery's pool: a loop that fails is begun again by a later look
            log.exception("%s %s failed", self._kind, one)
        finally:
            connections.close_all()


def _share(client: Client, kind: str, holders: Iterable[bytes | None]) -> spread.Share:
    """This worker's share of a kind, counted from the leases and from what the others say."""
    held: dict[str, int] = {}
    total = 0
    for holder in holders:
        total += 1
        name = (holder or b"").decode().rpartition(":")[0]
        held[name] = held.get(name, 0) + 1
    others = [
        spread.Place(held.get(name, 0), member.most - member.held)
        for name, member in crew.alive(client).items()
        if name != LOOPS.name and kind in member.kinds
    ]
    return spread.share(total, others)
