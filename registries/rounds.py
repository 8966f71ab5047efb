"""Comparing all registries with their clusters, a few services each, round after round.

A round lasts for half a minute at most and begins with those that were compared longest ago: with
more registries than one round reaches, each gets its turn in one of the next.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable

from django.conf import settings

from console import redis
from console.contract import keys
from console.lease import Lease
from registries import health, truth
from registries.health import Phase
from registries.models import Registry

log = logging.getLogger(__name__)

_LASTS = 30.0  # seconds; a cluster that hangs may add the client's timeouts


def compare_all(*, stop: threading.Event, clock: Callable[[], float] = time.monotonic) -> int:
    """Compare what is connected and enabled; tell how many registries were. A second round at the
    same time does nothing. Raises `RedisError`."""
    lease = Lease(
        redis.store(),
        keys.lease("truth"),
        holder=secrets.token_hex(8),
        ttl=settings.LEASE_TTL,
    )
    if not lease.acquire():
        return 0
    compared, end = 0, clock() + _LASTS
    with lease:
        for registry, resource in _due():
            if stop.is_set() or clock() > end:
                break
            found = truth.compare(registry.to_spec(), resource=resource, pause=stop.wait)
            truth.write(str(registry.pk), found)
            for one in found.differences:
                log.warning("registry %s: feed and cluster differ: %s", registry.pk, one)
            compared += 1
    return compared


def _due() -> list[tuple[Registry, str]]:
    """The registries to compare and what is watched of each; who waited longest comes first. A
    registry that is not connected says so itself."""
    rows = {str(row.pk): row for row in Registry.objects.enabled()}
    before = truth.read(rows)
    said = health.read(rows)
    due = [one for one in rows if said[one].phase == Phase.CONNECTED]
    due.sort(key=lambda one: before[one].compared_at)
    return [(rows[one], said[one].resource) for one in due]
