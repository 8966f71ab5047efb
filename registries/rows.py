"""The rows of the registries that this process watches, read by a thread that nobody waits for.

PostgreSQL may be away, or accept everything and answer nothing: no endpoint may be later for that.
So watchers never ask it. One thread a process reads the rows that changed, when a wake-up comes and
now and then, and leaves them where their watchers look.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, InterfaceError, connection

from console.contract import keys
from console.shutdown import STOP
from console.wakeups import BELL
from registries.models import Registry

log = logging.getLogger(__name__)

LOOK = 20.0  # seconds between two looks, if no wake-up comes
_RETRY = 1.0  # seconds to wait while PostgreSQL is away


class Row:
    """What is known of one registry's row; None: it is deleted."""

    def __init__(self) -> None:
        self._changed = threading.Event()
        self._row: Registry | None = None
        self._known = False
        self.resync = 0  # the newest request to read everything anew (`Registry.resync`)

    @property
    def known(self) -> bool:
        """Whether it has been read at all."""
        return self._known

    @property
    def changed(self) -> bool:
        """Whether another revision has come since `take`."""
        return self._changed.is_set()

    def wait(self, timeout: float) -> bool:
        """Wait for a revision that was not taken; True if there is one."""
        return self._changed.wait(timeout)

    def take(self) -> Registry | None:
        """The newest revision."""
        self._changed.clear()
        return self._row

    def put(self, row: Registry | None) -> None:
        """Called by the reading thread."""
        if self._known and _revision(row) == _revision(self._row):
            return
        self._row, self._known = row, True
        self.resync = row.resync if row is not None else 0
        self._changed.set()

    @property
    def revision(self) -> int | None:
        return _revision(self._row)


class Rows:
    """One a process; its thread starts with the first row that is followed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, Row] = {}
        self._rung = threading.Event()
        self._thread: threading.Thread | None = None
        self.reading = threading.Lock()  # held while PostgreSQL is asked

    @contextmanager
    def following(self, registry_id: str) -> Iterator[Row]:
        """Follow one row while the block runs."""
        row, topic = Row(), keys.registry(registry_id)
        with self._lock:
            self._rows[registry_id] = row
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="rows", daemon=True)
                self._thread.start()
        BELL.subscribe(topic, self._rung)
        self._rung.set()
        try:
            yield row
        finally:
            with self._lock:
                if self._rows.get(registry_id) is row:
                    del self._rows[registry_id]
            BELL.unsubscribe(topic, self._rung)

    def _run(self) -> None:
        while not STOP.is_set():
            pause = LOOK
            try:
                with self.reading:
                    self._look_and_leave()
            except (DatabaseError, InterfaceError) as error:
                log.warning("PostgreSQL is away, changed registries wait: %s", error)
                pause = _RETRY
            except Exception:  # the outermost loop: registries must not go blind for one odd row
                log.exception("looking for changed registries failed; trying again")
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
            rows = dict(self._rows)
        if not rows:
            return
        ours = Registry.objects.filter(pk__in=[uuid.UUID(one) for one in rows])
        found = {str(row.pk): row for row in ours.only("revision", "resync_asked_at")}
        revisions = {one: row.revision for one, row in found.items()}
        changed = [
            one for one, row in rows.items() if not row.known or row.revision != revisions.get(one)
        ]
        fresh = {str(row.pk): row for row in ours.filter(pk__in=changed)} if changed else {}
        for one in changed:
            rows[one].put(fresh.get(one))
        for one, row in found.items():
            rows[one].resync = row.resync


def _revision(row: Registry | None) -> int | None:
    return row.revision if row is not None else None


ROWS = Rows()
