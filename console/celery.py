"""The Celery application: routes, the beat schedule, and how a worker starts and stops.

A worker also ticks by itself: a thread says that the worker is alive and looks for owners that
nobody works for, at once when a wake-up comes and every `ENSURE_EVERY` seconds else. Beat does the
same from outside, so 0, 1 or 3 beats are all safe. The thread needs no broker, and starts before
the worker has found one.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import sys
import threading
from typing import Any

from celery import Celery
from celery.signals import (
    celeryd_after_setup,
    setup_logging,
    worker_shutdown,
    worker_shutting_down,
)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

from django.conf import settings

from console import queues
from console.loops import LOOPS
from console.shutdown import STOP

log = logging.getLogger(__name__)

_SPARE = 2  # threads
# A change waits half a dozen times (for the cluster, for Redis), and each time its thread has to
# get the interpreter back. From one that is busy (a large list, a first compilation) it gets it
# after so many seconds. Measured beside such a thread, from one feed to the next: 3 ms, and with
# Python's own 0.005 12 ms; the busy thread got as far (docs/performance.md).
_SWITCH = 0.0005

ENSURE: tuple[str, ...] = (
    "registries.tasks.ensure_watchers",
    "applications.tasks.ensure_compilers",
    "gateways.tasks.ensure_drivers",
)

app = Celery("portolan")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.task_routes = {
    "registries.tasks.watch_registry": {"queue": queues.WATCH},
    "applications.tasks.compile_control_plane": {"queue": queues.COMPILE},
    "gateways.tasks.drive_gateway": {"queue": queues.DRIVE},
}
app.conf.beat_schedule = {
    name: {
        "task": name,
        "schedule": settings.ENSURE_EVERY,
        # A tick that nobody took in time is worth nothing: the next one comes.
        "options": {"expires": settings.ENSURE_EVERY},
    }
    for name in ENSURE
}
app.conf.beat_schedule["registries.tasks.compare_feeds"] = {
    "task": "registries.tasks.compare_feeds",
    "schedule": settings.COMPARE_EVERY,
    "options": {"expires": settings.COMPARE_EVERY},
}


@setup_logging.connect
def _keep_logging(**_: Any) -> None:
    """Celery leaves logging to Django's settings, whose filters redact secrets."""
    import logging.config

    logging.config.dictConfig(settings.LOGGING)


@celeryd_after_setup.connect
def _tick(instance: Any, **_: Any) -> None:
    consumed = set(app.amqp.queues.consume_from)
    kinds = {queues.KINDS[name] for name in consumed & queues.KINDS.keys()}
    LOOPS.join(kinds=kinds, most=_most(instance.concurrency, short=queues.SHORT in consumed))
    # What imports have made stays: a collection that goes through it (100,000 objects, measured 60
    # to 130 ms) holds every loop up and finds nothing.
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(_SWITCH)
    threading.Thread(target=_ticking, name="ensure", daemon=True).start()


def _most(threads: int, *, short: bool) -> int:
    """The most loops of this worker. A pool that serves short tasks too keeps threads for them:
    else they would pile up in the broker."""
    return settings.WORKER_MAX_LOOPS or max(1, threads - (_SPARE if short else 0))


def _ticking() -> None:
    from django.db import DatabaseError, close_old_connections

    from console import crew, redis
    from console.feed.reader import follow
    from console.wakeups import WakeupReader

    # Often enough that the others never miss the sign of life of a worker that lives.
    pause = min(settings.ENSURE_EVERY, settings.LEASE_TTL / 8)
    wakeups: WakeupReader | None = None
    while not STOP.is_set():
        try:
            wakeups = wakeups or WakeupReader(redis.store())
            for name in ENSURE:
                app.tasks[name]()
            # Who cannot look has no room either, whatever it holds: nobody is to wait for it.
            crew.say(redis.store(), LOOPS.name, LOOPS.member(), ttl=settings.LEASE_TTL / 2)
            follow(redis.store(), [wakeups], block=pause)
            wakeups.take()
        except (redis.RedisError, DatabaseError) as error:
            log.warning("looking for work failed; trying again: %s", error)
            STOP.wait(settings.ENSURE_EVERY)
        except Exception:  # the outermost loop: a tick that fails must not be the last
            log.exception("looking for work failed; trying again")
            STOP.wait(settings.ENSURE_EVERY)
        finally:
            close_old_connections()
    with contextlib.suppress(redis.RedisError):
        crew.leave(redis.store(), LOOPS.name)


@worker_shutting_down.connect
def _stop(**_: Any) -> None:
    STOP.set()


@worker_shutdown.connect
def _wait(**_: Any) -> None:
    """Celery waits for the loops in its pool only."""
    LOOPS.wait(settings.CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT)
