"""The rows that this process works for, read by a thread that nobody waits for.

PostgreSQL may be away, or accept everything and answer nothing: no change of an endpoint may be
later for that. So loops never ask it. One thread for each kind of row reads those that changed,
when a wake-up comes and now and then, and leaves them where their loops look.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from django.db import DatabaseError, InterfaceError, connection, models

from console.shutdown import STOP
from console.wakeups import BELL

log = logging.getLogger(__name__)

LOOK = 20.0  # seconds between two looks, if no wake-up comes
_RETRY = 1.0  # seconds to wait while PostgreSQL is away

# A model with a `revision` that grows with every edit.
Model = TypeVar("Model", bound=models.Model)


class Followed(Generic[Model]):
    """What is known of one row; None: it is deleted. `seen` is the newest look at it: its fields
    that are `also` looked at (`Rows`) may be newer than the row that was taken."""

    def __init__(self) -> None:
        self._changed = threading.Event()
        self._row: Model | None = None
        self.known = False  # whether it has been read at all
        self.seen: Model | None = None

    @property
    def changed(self) -> bool:
        """Whether another revision has come since `take`."""
        return self._changed.is_set()

    @property
    def revision(self) -> int | None:
        return _revision(self._row)

    def wait(self, timeout: float) -> bool:
        """Wait for a revision that was not taken; True if there is one."""
        return self._changed.wait(timeout)

    def take(self) -> Model | None:
        """The newest revision."""
        self._changed.clear()
        return self._row

    def put(self, row: Model | None) -> None:
        """Called by the reading thread."""
        if self.known and _revision(row) == self.revision:
            return
        self._row, self.known = row, True
        self.seen = row
        self._changed.set()


class Rows(Generic[Model]):
    """One a process and kind; its thread starts with the first row that is followed. `topic` is
    the wake-up of a row, `name` what its rows are called in a log. `also` are fields that are
    looked at each time though they are no part of a revision."""

    def __init__(
        self,
        model: type[Model],
        *,
        topic: Callable[[str], str],
        name: str,
        also: tuple[str, ...] = (),
    ) -> None:
        self._model: Any = model
        self._topic = topic
        self._name = name
        self._fields = ("revision", *also)
        self._lock = threading.Lock()
        self._followed: dict[Followed[Model], str] = {}
        self._rung = threading.Event()
        self._thread: threading.Thread | None = None
        self.reading = threading.Lock()  # held while PostgreSQL is asked

    @contextmanager
    def following(self, row_id: str) -> Iterator[Followed[Model]]:
        """Follow one row while the block runs."""
        one: Followed[Model] = Followed()
        topic = self._topic(row_id)
        with self._lock:
            self._followed[one] = row_id
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._run, name=f"rows of {self._name}", daemon=True
                )
                self._thread.start()
        BELL.subscribe(topic, self._rung)
        self._rung.set()
        try:
            yield one
        finally:
            with self._lock:
                del self._followed[one]
                others = row_id in self._followed.values()
            if not others:
                BELL.unsubscribe(topic, self._rung)

    def _run(self) -> None:
        while not STOP.is_set():
            pause = LOOK
            try:
                with self.reading:
                    self._look_and_leave()
            except (DatabaseError, InterfaceError) as error:
                log.warning("PostgreSQL is away, changed %s wait: %s", self._name, error)
                pause = _RETRY
            except Exception:  # the outermost loop: it must not go blind for one odd row
                log.exception("looking for changed %s failed; trying again", self._name)
                pause = _RETRY
            self._rung.wait(pause)

    def _look_and_leave(self) -> None:
        try:
            self._look()
        finally:
            connection.close()  # looks are rare

    def _look(self) -> None:
        self._rung.clear()
        with self._lock:
            followed = dict(self._followed)
        if not followed:
            return
        ours = self._model.objects.filter(pk__in={uuid.UUID(one) for one in followed.values()})
        seen = {str(row.pk): row for row in ours.only(*self._fields)}
        changed = {
            one
            for follower, one in followed.items()
            if not follower.known or follower.revision != _revision(seen.get(one))
        }
        fresh = {str(row.pk): row for row in ours.filter(pk__in=changed)} if changed else {}
        for follower, one in followed.items():
            if one in changed:
                follower.put(fresh.get(one))
            follower.seen = seen.get(one)


def _revision(row: models.Model | None) -> int | None:
    return None if row is None else int(row.revision)  # type: ignore[attr-defined]
