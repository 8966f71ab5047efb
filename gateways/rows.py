"""The rows of the gateways that this process drives, read by a thread that nobody waits for.

PostgreSQL may be away, or accept everything and answer nothing: no change may be later at a gateway
for that. So driving loops never ask it. One thread a process reads the rows, when a wake-up comes
and now and then, and leaves them where their drivers look (as `registries.rows` does).
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
from gateways.models import Gateway

log = logging.getLogger(__name__)

LOOK = 20.0  # seconds between two looks, if no wake-up comes
_RETRY = 1.0  # seconds to wait while PostgreSQL is away


class Row:
    """What is known of one gateway's row; None: it is deleted."""

    def __init__(self) -> None:
        self._changed = threading.Event()
        self._row: Gateway | None = None
        self.known = False  # whether it has been read at all

    @property
    def changed(self) -> bool:
        """Whether another revision has come since `take`."""
        return self._changed.is_set()

    def wait(self, timeout: float) -> bool:
        """Wait for a revision that was not taken; True if there is one."""
        return self._changed.wait(timeout)

    def take(self) -> Gateway | None:
        """The newest revision."""
        self._changed.clear()
        return self._row

    def put(self, row: Gateway | None) -> None:
        """Called by the reading thread."""
        if self.known and _revision(row) == _revision(self._row):
            return
        self._row, self.known = row, True
        self._changed.set()


class Rows:
    """One a process; its thread starts with the first row that is followed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[Row, str] = {}
        self._rung = threading.Event()
        self._thread: threading.Thread | None = None
        self.reading = threading.Lock()  # held while PostgreSQL is asked

    @contextmanager
    def following(self, gateway_id: str) -> Iterator[Row]:
        """Follow one row while the block runs."""
        row, topic = Row(), keys.gateway(gateway_id)
        with self._lock:
            self._rows[row] = gateway_id
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="gateways", daemon=True)
                self._thread.start()
        BELL.subscribe(topic, self._rung)
        self._rung.set()
        try:
            yield row
        finally:
            with self._lock:
                del self._rows[row]
                others = gateway_id in self._rows.values()
            if not others:
                BELL.unsubscribe(topic, self._rung)

    def _run(self) -> None:
        while not STOP.is_set():
            pause = LOOK
            try:
                with self.reading:
                    self._look_and_leave()
            except (DatabaseError, InterfaceError) as error:
                log.warning("PostgreSQL is away, changed gateways wait: %s", error)
                pause = _RETRY
            except Exception:  # the outermost loop: gateways must not go blind for one odd row
                log.exception("looking for changed gateways failed; trying again")
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
            wanted = dict(self._rows)
        if not wanted:
            return
        ids = {uuid.UUID(one) for one in wanted.values()}
        found = {str(row.pk): row for row in Gateway.objects.filter(pk__in=ids)}
        for row, one in wanted.items():
            row.put(found.get(one))


def _revision(row: Gateway | None) -> int | None:
    return row.revision if row is not None else None


ROWS = Rows()
