"""The Celery application: routes, the beat schedule, and how a worker starts and stops.

A worker also ticks by itself: a thread looks for owners that nobody works for, at once when a
wake-up comes and every `ENSURE_EVERY` seconds else. Beat does the same from outside, so 0, 1 or
3 beats are all safe.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_ready, worker_shutting_down

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

from django.conf import settings

from console import queues
from console.shutdown import STOP

log = logging.getLogger(__name__)

ENSURE = (
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


@worker_ready.connect
def _tick(**_: Any) -> None:
    threading.Thread(target=_ticking, name="ensure", daemon=True).start()


def _ticking() -> None:
    from django.db import close_old_connections

    from console import redis
    from console.feed.reader import follow
    from console.wakeups import WakeupReader

    wakeups: WakeupReader | None = None
    while not STOP.is_set():
        try:
            wakeups = wakeups or WakeupReader(redis.store())
            for name in ENSURE:
                app.tasks[name]()
            follow(redis.store(), [wakeups], block=min(settings.ENSURE_EVERY, 2.0))
            wakeups.take()
        except Exception:  # the outermost loop: a tick that fails must not be the last
            log.exception("looking for work failed; trying again")
            STOP.wait(settings.ENSURE_EVERY)
        finally:
            close_old_connections()


@worker_shutting_down.connect
def _stop(**_: Any) -> None:
    STOP.set()
