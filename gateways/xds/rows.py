"""Which gateways of this kind there are: the server's only door to the database.

A row is looked at when a wake-up names a gateway, when an Envoy asks for one that is not known, and
now and then. While PostgreSQL is away what was read last holds.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping

import msgspec
from django.db import DatabaseError, close_old_connections, connections

from console import redis
from console.contract import keys
from console.feed import follow
from console.redis import RedisError
from console.wakeups import WakeupReader
from gateways.drivers.base import BadSetting
from gateways.drivers.envoy import Settings
from gateways.models import Gateway

from .server import Row

log = logging.getLogger(__name__)

LOOK = 20.0  # seconds between looks without a wake-up
_ANEW = 1.0  # seconds; strangers must not keep the database busy


class Rows:
    """Asked from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: Mapping[str, Row] = {}
        self._read = 0.0

    def __call__(self, anew: bool) -> Mapping[str, Row]:
        with self._lock:
            if time.monotonic() - self._read > (_ANEW if anew else 0.0):
                self._read = time.monotonic()
                try:
                    self._found = _rows()
                except DatabaseError as error:
                    log.warning("the gateways could not be read: %s", error)
                finally:
                    connections.close_all()
            return self._found


def watch(turned: Callable[[], None], stop: threading.Event) -> None:
    """Call `turned` whenever gateways may have changed, until told to stop."""
    reader: WakeupReader | None = None
    looked = time.monotonic()
    while not stop.is_set():
        try:
            reader = reader or WakeupReader(redis.store())
            follow(redis.store(), [reader], block=0.5)
            named = any(keys.kind(topic) == keys.kind(keys.gateway("")) for topic in reader.take())
        except RedisError:
            named = False
            stop.wait(0.5)
        if named or time.monotonic() - looked > LOOK:
            looked = time.monotonic()
            turned()


def _rows() -> dict[str, Row]:
    close_old_connections()
    found: dict[str, Row] = {}
    for row in Gateway.objects.filter(kind="envoy"):
        try:
            settings = msgspec.convert(row.settings, Settings)
        except (msgspec.ValidationError, BadSetting) as error:
            log.warning("the settings of gateway %s cannot be read: %s", row.pk, error)
            continue
        found[str(row.pk)] = Row(
            id=str(row.pk),
            control_plane=str(row.control_plane_id),
            enabled=row.enabled,
            settings=settings,
        )
    return found
