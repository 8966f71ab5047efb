"""A worker that keeps at one registry, as Celery's workers do together: whenever nobody watches it,
the next tick has somebody take it over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import DatabaseError, connections

from console.contract import keys
from console.ownership import Ownership, own
from console.redis import RedisError
from registries import watcher
from registries.models import Registry
from registries.watcher import Pace

_TICK = 0.1  # seconds; ENSURE_EVERY is 5


class Worker:
    def __init__(self, registry: Registry, pace: Pace) -> None:
        self._id = str(registry.pk)
        self._pace = pace
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)
        self._failed: list[BaseException] = []
        self.epochs: list[int] = []

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(30)
        if self._failed:
            raise self._failed[0]
        assert not self._thread.is_alive(), "the worker does not stop"

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                with suppress(RedisError, DatabaseError):  # Celery logs it; the next tick tries
                    self._take()
                self._stop.wait(_TICK)
        except BaseException as error:  # noqa: BLE001 - handed to the test
            self._failed.append(error)
        finally:
            connections.close_all()

    def _take(self) -> None:
        own(
            keys.registry(self._id),
            claim_epoch=lambda: Registry.claim_epoch(self._id),
            body=self._watch,
            stop=self._stop,
        )

    def _watch(self, ownership: Ownership) -> None:
        self.epochs.append(ownership.epoch)
        watcher.watch(self._id, ownership, pace=self._pace)


@contextmanager
def working(registry: Registry, *, pace: Pace) -> Iterator[Worker]:
    worker = Worker(registry, pace)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()
