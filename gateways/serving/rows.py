"""Which gateways come for documents: this door's only way to the database.

One reading is of all of them and holds for a moment, also for those that there are not: strangers
who make up ids must not keep the database busy. While PostgreSQL is away what was read last holds.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured
from django.db import Error

from gateways import drivers
from gateways.drivers.base import BadSetting
from gateways.drivers.traefik.check import SHORTEST
from gateways.models import Gateway

log = logging.getLogger(__name__)

HOLDS = 2.0  # seconds until the rows are read again
_ANEW = 0.5  # seconds, if one is asked for that is not among them: it may be new


class Unknown(Exception):
    """PostgreSQL has been away since this process began."""


@dataclass(frozen=True, slots=True)
class Row:
    """A gateway that fetches. `digest`: of its secret."""

    revision: int
    control_plane: str
    entry_points: list[str]
    digest: bytes


class Rows:
    """Asked from any thread."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._found: Mapping[str, Row] | None = None
        self._read = float("-inf")

    def find(self, gateway_id: str) -> Row | None:
        """The gateway's row as it was a moment ago; None: there is none that fetches. Raises
        `Unknown`."""
        found = self._found
        holds = HOLDS if found and gateway_id in found else _ANEW
        if self._clock() - self._read >= holds:
            self._look(holds)
        if self._found is None:
            raise Unknown
        return self._found.get(gateway_id)

    def _look(self, holds: float) -> None:
        # One reads; the others go on with what there is, if there is anything.
        if not self._lock.acquire(blocking=self._found is None):
            return
        try:
            if self._clock() - self._read >= holds:
                self._read = self._clock()
                self._found = _rows(self._found or {})
        except Error as error:
            log.warning("the gateways that fetch could not be read: %s", error)
        finally:
            self._lock.release()


def digest(secret: str) -> bytes:
    """Of equal length, whatever was sent."""
    return hashlib.sha256(secret.encode(errors="replace")).digest()


def _rows(before: Mapping[str, Row]) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for row in Gateway.objects.filter(enabled=True, kind="traefik").defer("secret"):
        name = str(row.pk)
        known = before.get(name)
        if known is not None and known.revision == row.revision:
            found[name] = known
            continue
        try:
            settings = drivers.check_settings(row.kind, row.settings)
            secret = row.secret.reveal() if settings["provider"] == "http" else ""
        except (BadSetting, ImproperlyConfigured) as error:
            log.warning("gateway %s cannot be read: %s", name, error)
            continue
        if len(secret) >= SHORTEST:
            plane = str(row.control_plane_id)
            found[name] = Row(row.revision, plane, settings["entry_points"], digest(secret))
    return found
