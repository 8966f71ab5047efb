"""Rows have changed: a word to the loops that live from them.

An action that changes what a loop depends on sends the loop's topic (`console.contract.keys`:
``registry:…``, ``control-plane:…``, ``gateway:…``) once its transaction is committed. A topic
carries no state; the loop reads its rows. Words may get lost, so every loop also looks by itself
now and then.
"""

from __future__ import annotations

import logging
import threading

from django.db import transaction

from console import redis
from console.contract import keys
from console.feed.reader import Entries, follow
from console.redis import Client, RedisError
from console.shutdown import STOP

log = logging.getLogger(__name__)

_KEPT = 1000


def send(topic: str) -> None:
    """Wake the topic's loop after the present transaction."""
    transaction.on_commit(lambda: ring(topic))


def ring(topic: str) -> None:
    """Wake the topic's loop now. Redis being away is no error: the loop finds the change at its
    next own look."""
    try:
        redis.store().xadd(keys.wakeups(), {"topic": topic}, maxlen=_KEPT, approximate=True)
    except RedisError as error:
        log.warning("wake-up of %s not sent: %s", topic, error)


class WakeupReader:
    """Follows the stream of wake-ups beside feeds (`console.feed.follow`)."""

    def __init__(self, client: Client) -> None:
        newest = client.xrevrange(keys.wakeups(), count=1)
        self._last_id: str = newest[0][0].decode() if newest else "0-0"
        self._topics: set[str] = set()

    @property
    def stream(self) -> str:
        return keys.wakeups()

    @property
    def last_id(self) -> str:
        return self._last_id

    def absorb(self, entries: Entries) -> None:
        for entry_id, fields in entries:
            self._last_id = entry_id.decode()
            self._topics.add(fields[b"topic"].decode())

    def take(self) -> set[str]:
        """Return the topics that were woken since the last call."""
        topics, self._topics = self._topics, set()
        return topics


class Bell:
    """One thread a process that sets events when their topics are woken, for loops that wait for
    something else than Redis. Starts with the first subscription."""

    def __init__(self) -> None:
        self._events: dict[str, set[threading.Event]] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def subscribe(self, topic: str, event: threading.Event) -> None:
        with self._lock:
            self._events.setdefault(topic, set()).add(event)
            if self._thread is None:
                self._thread = threading.Thread(target=self._listen, name="wake-ups", daemon=True)
                self._thread.start()

    def unsubscribe(self, topic: str, event: threading.Event) -> None:
        with self._lock:
            self._events.get(topic, set()).discard(event)

    def _listen(self) -> None:
        reader: WakeupReader | None = None
        while not STOP.is_set():
            try:
                reader = reader or WakeupReader(redis.store())
                follow(redis.store(), [reader], block=1.0)
                self._ring(reader.take())
            except RedisError:
                STOP.wait(1.0)
            except Exception:  # the outermost loop: without it nobody here would hear of changes
                log.exception("waiting for wake-ups failed; trying again")
                STOP.wait(1.0)

    def _ring(self, topics: set[str]) -> None:
        with self._lock:
            for topic in topics:
                for event in self._events.get(topic, ()):
                    event.set()


BELL = Bell()
