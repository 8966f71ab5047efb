"""The intake's metrics: what each registry's worker last said, in figures."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import Metric

from console import lags
from console.contract import keys
from console.metrics import Labels, Table, held, leases
from registries import health, truth
from registries.health import Phase, Status
from registries.models import Registry
from registries.truth import Comparison

LABELS = ("registry", "name", "control_plane")
_PREFIX = "portolan_registry"
# Our own codes of failures look like this; anything else is counted as one.
_CODE = re.compile(r"[a-z][a-z0-9_]{0,40}")


class _Row(NamedTuple):
    labels: Labels
    enabled: bool
    token_file: str
    status: Status
    owned: bool
    comparison: Comparison


def families() -> Iterator[Metric]:
    """One query and three looks into Redis, however many registries there are. Raises
    `RedisError`, `DatabaseError`."""
    rows = _rows()
    table = Table(_PREFIX, LABELS)
    for row in rows:
        _say_state(table, row)
        _say_reading(table, row)
        _say_truth(table, row)
    yield from table
    yield _phases(rows)
    yield _failures(rows)
    yield _lags(rows)
    yield leases("registry", [row.owned for row in rows])


def _rows() -> list[_Row]:
    found = Registry.objects.order_by("pk").values_list(
        "pk", "name", "control_plane__slug", "enabled", "token_file"
    )
    known = [((str(pk), name, plane), enabled, path) for pk, name, plane, enabled, path in found]
    ids = [labels[0] for labels, _enabled, _path in known]
    statuses, comparisons = health.read(ids), truth.read(ids)
    owned = held(map(keys.registry, ids))
    return [
        _Row(labels, enabled, path, statuses[labels[0]], holder, comparisons[labels[0]])
        for (labels, enabled, path), holder in zip(known, owned, strict=True)
    ]


def _say_state(table: Table, row: _Row) -> None:
    labels, status = row.labels, row.status
    connected = row.enabled and row.owned and status.phase == Phase.CONNECTED
    table.gauge("enabled", "It is to be watched", labels, row.enabled)
    table.gauge("watched", "A worker holds its lease", labels, row.owned)
    table.gauge("up", "It is watched and connected", labels, connected)
    table.moment("phase", "When the phase began", labels, status.since)
    table.moment("said", "When its worker last said anything", labels, status.said_at)
    table.moment("connected", "When a list or watch last succeeded", labels, status.connected_at)
    table.gauge(
        "seconds_since_connected",
        "Seconds since a list or watch last succeeded",
        labels,
        max(0.0, time.time() - status.connected_at / 1000) if status.connected_at else None,
    )
    table.moment("last_event", "When the last change was read", labels, status.event_at)
    table.moment("last_bookmark", "When the last bookmark was read", labels, status.bookmark_at)
    table.moment("token_expiry", "When the token ends", labels, status.token_expires_at)
    text = "The token is in a file, which the platform renews"
    table.gauge("token_from_file", text, labels, bool(row.token_file))


def _say_reading(table: Table, row: _Row) -> None:
    labels, status = row.labels, row.status
    table.gauge("services", "Services that are published", labels, status.services)
    table.gauge("endpoints", "Endpoints that are published", labels, status.endpoints)
    table.gauge(
        "refused_endpoints", "Endpoints that are left out", labels, sum(status.refused.values())
    )
    table.gauge("truncated_services", "Services that the cluster cut off", labels, status.truncated)
    table.gauge("feed_seq", "Position of its feed", labels, status.seq)
    table.count("lists", "Lists that were read", labels, status.lists)
    table.count("watches", "Watches that were opened", labels, status.watches)
    table.count("events", "Changes that were read", labels, status.events)
    table.count("bookmarks", "Bookmarks that were read", labels, status.bookmarks)
    table.count("commits", "Commits to its feed", labels, status.commits)
    table.count("drift_found", "Objects that a list found other than watched", labels, status.drift)


def _say_truth(table: Table, row: _Row) -> None:
    labels, found = row.labels, row.comparison
    asked = found.compared_at and not found.error
    table.gauge(
        "truth_differences",
        "Services whose feed and cluster differed when they were last compared",
        labels,
        len(found.differences) if asked else None,
    )
    table.gauge(
        "truth_services", "Services that were compared", labels, found.services if asked else None
    )
    table.moment("truth", "When feed and cluster were compared", labels, found.compared_at)


def _phases(rows: Iterable[_Row]) -> Metric:
    family = GaugeMetricFamily(
        f"{_PREFIX}_phase", "1 for the phase that it is in", labels=(*LABELS, "phase")
    )
    for row in rows:
        now = row.status.phase if row.enabled else Phase.DISABLED
        for phase in Phase:
            family.add_metric((*row.labels, phase.value), now == phase)
    return family


def _failures(rows: Iterable[_Row]) -> Metric:
    family = CounterMetricFamily(
        f"{_PREFIX}_failures", "Requests that failed, by reason", labels=(*LABELS, "code")
    )
    for row in rows:
        counts: dict[str, int] = {}
        for code, number in row.status.failures.items():
            known = code if _CODE.fullmatch(code) else "other"
            counts[known] = counts.get(known, 0) + number
        for code, number in sorted(counts.items()):
            family.add_metric((*row.labels, code), number)
    return family


def _lags(rows: Iterable[_Row]) -> Metric:
    family = HistogramMetricFamily(
        f"{_PREFIX}_publish_lag_seconds",
        "From the API server's word to the commit, by commit",
        labels=LABELS,
    )
    for row in rows:
        bounds, below = [], 0
        for one in lags.of(row.status):
            below += one.count
            bounds.append(("+Inf" if one.up_to is None else f"{one.up_to:g}", float(below)))
        if bounds:
            family.add_metric(row.labels, bounds, row.status.lag_sum)
    return family
