"""Telling Redis how each connected Envoy stands (`gateways.instances`), and the server itself
(`standing`).

A thread of its own: a Redis that is slow or away holds up nobody. Only the newest word on each
Envoy is kept.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable

from console.redis import Client, RedisError
from gateways import instances
from gateways.instances import Instance

from . import standing
from .standing import Standing

log = logging.getLogger(__name__)

_EVERY = 0.25  # seconds between looks for news


class Reports:
    """`itself` says how the server stands; asked from a thread."""

    def __init__(self, connect: Callable[[], Client], itself: Callable[[], Standing]) -> None:
        self._connect = connect
        self._itself = itself
        self._lock = threading.Lock()
        self._standing: dict[tuple[str, str], Instance] = {}
        self._news: set[tuple[str, str]] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reports", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def join(self) -> None:
        self._thread.join(10)

    def say(self, gateway_id: str, instance: Instance) -> None:
        """How an Envoy stands now; repeated until `leave`."""
        with self._lock:
            key = (gateway_id, instance.id)
            if self._standing.get(key) != instance:
                self._standing[key] = instance
                self._news.add(key)

    def leave(self, gateway_id: str, instance_id: str) -> None:
        """It is connected no more; its last report grows old by itself."""
        with self._lock:
            self._standing.pop((gateway_id, instance_id), None)
            self._news.discard((gateway_id, instance_id))

    def _run(self) -> None:
        client = self._connect()
        repeated = time.monotonic()
        said: Standing | None = None
        while not self._stop.wait(_EVERY):
            again = time.monotonic() - repeated >= instances.HEARTBEAT
            repeated = time.monotonic() if again else repeated
            said = self._say_itself(client, None if again else said)
            with self._lock:
                keys = list(self._standing) if again else list(self._news)
                told = [(key, self._standing[key]) for key in keys]
                self._news.clear()
            for (gateway_id, instance_id), instance in told:
                try:
                    instances.report(client, gateway_id, instance)
                except RedisError as error:
                    log.warning("Envoy %s could not be reported: %s", instance_id, error)
                    break
        with contextlib.suppress(RedisError):
            standing.leave(client, self._itself().id)
        client.close()

    def _say_itself(self, client: Client, said: Standing | None) -> Standing | None:
        """If it was said otherwise before; return what was said."""
        now = self._itself()
        if now == said:
            return said
        try:
            standing.say(client, now)
        except RedisError:
            return said
        return now
