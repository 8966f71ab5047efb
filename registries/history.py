"""A registry's history: one row for each transition, written by its watcher, read by people.

A watcher's thread tells every status it says; what differs in phase or reason from the one before
becomes a row, and everything else costs one comparison. Rows are written by a thread of their own,
one a process: PostgreSQL being away, or slow, delays the history and never an endpoint. What is
worth a row is decided once more when it is written, against the newest row there is, so that a
registry that changes hands leaves no trace of that.

Connecting is passed over while it is short: every new shift of a worker begins with it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from registries.health import Phase, Status
from registries.models import Transition

log = logging.getLogger(__name__)

# Rows kept for each registry. A thousand rows of a few hundred bytes are a few hundred megabytes
# if a thousand registries flap; at the pace of a flap (the reader's backoff ends at 30 s, two rows
# each) they reach back four hours; in quiet use, years.
KEPT = 1000
# Transitions that wait for PostgreSQL, for each registry; beyond that the oldest are forgotten.
WAITING = 100
# Seconds of connecting that are worth a row.
SETTLING = 5.0
_RETRY = 5.0  # seconds between two attempts while PostgreSQL is away
_TEXT = 2000  # characters of a text that are kept

Step = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Spell:
    """A transition and when the next one ended it; None: it lasts."""

    transition: Transition
    ended_at: datetime | None

    @property
    def lasted(self) -> timedelta:
        # Two workers' clocks may differ by a little.
        return max((self.ended_at or timezone.now()) - self.transition.at, timedelta())


class Writer:
    """Writes what historians have noted, in the order of each registry's notes. The thread begins
    with the first note."""

    def __init__(self, *, threaded: bool = True) -> None:
        self._threaded = threaded
        self._noted = threading.Condition()
        self._waiting: dict[str, deque[Transition]] = {}
        self._thread: threading.Thread | None = None
        self.writing = threading.Lock()  # held while PostgreSQL is told

    @property
    def idle(self) -> bool:
        """Whether everything that was noted is written."""
        return not self._waiting and not self.writing.locked()

    def add(self, row: Transition) -> None:
        with self._noted:
            key = str(row.registry_id)
            self._waiting.setdefault(key, deque(maxlen=WAITING)).append(row)
            if self._threaded and self._thread is None:
                self._thread = threading.Thread(target=self._run, name="history", daemon=True)
                self._thread.start()
            self._noted.notify()

    def write(self) -> bool:
        """Write all that waits; False if PostgreSQL is away, and then nothing is lost."""
        while True:
            with self._noted:
                if not self._waiting:
                    return True
                registry_id = next(iter(self._waiting))
                rows = list(self._waiting.pop(registry_id))
            try:
                _append(registry_id, rows)
            except (OperationalError, InterfaceError) as error:
                log.warning("registry %s: its history waits: %s", registry_id, error)
                self._put_back(registry_id, rows)
                return False
            except (DatabaseError, ValueError) as error:
                # The registry is gone, or a row cannot be stored: the others are none the worse.
                log.warning("registry %s: no history written: %s", registry_id, error)

    def _put_back(self, registry_id: str, rows: list[Transition]) -> None:
        with self._noted:
            newer = self._waiting.get(registry_id, ())
            self._waiting[registry_id] = deque([*rows, *newer], maxlen=WAITING)

    def _run(self) -> None:
        while True:
            with self._noted:
                while not self._waiting:
                    self._noted.wait()
            try:
                with self.writing:
                    done = self.write()
                    # Transitions are rare: between them the thread holds no connection.
                    connection.close()
            except Exception:  # the outermost loop: one odd row must not end all history
                log.exception("writing the history failed; going on with the next")
                done = False
            if not done:
                time.sleep(_RETRY)


WRITER = Writer()


class Historian:
    """Notes one registry's transitions; used by the one thread that says its status."""

    def __init__(
        self,
        registry_id: str,
        *,
        writer: Writer = WRITER,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._registry_id = registry_id
        self._writer = writer
        self._now = now
        self._noted: Step | None = None

    def note(self, status: Status) -> None:
        """Take a status; never waits and never raises."""
        step = (status.phase, status.reason)
        if step == self._noted:
            return
        now = self._now()
        settling = now - status.since / 1000 < SETTLING
        if status.phase == Phase.CONNECTING and settling:
            return
        self._noted = step
        self._writer.add(
            Transition(
                registry_id=self._registry_id,
                at=datetime.fromtimestamp(now, UTC),
                phase=status.phase,
                reason=_storable(status.reason, 50),
                text=_storable(status.text, _TEXT),
            )
        )


def spells(transitions: Iterable[Transition], *, newer: Transition | None = None) -> list[Spell]:
    """Tell of transitions, newest first, how long each lasted. `newer` is the one that followed
    the first of them; None: it is the newest there is."""
    found = []
    ended_at = newer.at if newer else None
    for row in transitions:
        found.append(Spell(row, ended_at))
        ended_at = row.at
    return found


def recent(registry_id: str, *, limit: int) -> list[Spell]:
    """The newest spells of a registry, newest first."""
    return spells(Transition.objects.filter(registry_id=registry_id)[:limit])


def _append(registry_id: str, rows: Iterable[Transition]) -> None:
    kept = Transition.objects.filter(registry_id=registry_id)
    with transaction.atomic():
        newest: Step | None = kept.values_list("phase", "reason").first()
        for row in rows:
            if (row.phase, row.reason) != newest:
                row.save(force_insert=True)
                newest = (row.phase, row.reason)
        beyond = kept.values_list("pk", flat=True)[KEPT : KEPT + 1].first()
        if beyond is not None:
            kept.filter(pk__lte=beyond).delete()


def _storable(text: str, limit: int) -> str:
    """A server's text as PostgreSQL takes it: without NUL and halves of characters."""
    return text.replace("\0", "").encode(errors="replace").decode()[:limit]
