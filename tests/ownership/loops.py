"""The product's Celery with loops that need no cluster, for workers that tests start and kill.

What a loop does is read from Redis: `WANTED` are the ids, `POISONED` those that kill their worker
before they settle, `SLOW` those that take a second to end. Each loop writes down who began it
(`begun`) and who runs it now (`runner`).
"""

from __future__ import annotations

import os
import signal
import time

from celery import shared_task

from console import celery, queues, redis
from console.contract import keys
from console.ownership import Ownership, ensure, own
from console.shutdown import STOP

WANTED, POISONED, SLOW = "test:wanted", "test:poisoned", "test:slow"
TTL = 1.5  # seconds for which a runner's word counts


def begun(one: str) -> str:
    return f"test:begun:{one}"


def runner(one: str) -> str:
    return f"test:runner:{one}"


@shared_task(ignore_result=True, acks_late=False)
def run_loop(one: str) -> None:
    store = redis.store()
    own(
        keys.registry(one),
        claim_epoch=lambda: int(store.incr(f"test:epoch:{one}")),
        body=lambda ownership: _body(one, ownership),
        stop=STOP,
    )


@shared_task(ignore_result=True)
def ensure_loops() -> None:
    ids = sorted(one.decode() for one in redis.store().smembers(WANTED))
    ensure(run_loop, ids, owner=keys.registry)


def _body(one: str, ownership: Ownership) -> None:
    store = redis.store()
    store.rpush(begun(one), os.getpid())
    if store.sismember(POISONED, one):
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGKILL)
    ownership.settled()
    while ownership.going:
        store.set(runner(one), os.getpid(), px=int(TTL * 1000))
        time.sleep(0.1)
    if store.sismember(SLOW, one):
        time.sleep(1)


celery.ENSURE = (ensure_loops.name,)
app = celery.app
app.conf.task_routes = {run_loop.name: {"queue": queues.WATCH}}
app.conf.beat_schedule = {
    ensure_loops.name: {"task": ensure_loops.name, "schedule": 0.5, "options": {"expires": 5}}
}
