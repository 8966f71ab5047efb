"""The outlet's metrics: what each gateway's driver last said, in figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from console.contract import keys
from console.metrics import Labels, Table, held, leases
from gateways import health
from gateways.health import Phase, Status
from gateways.models import Gateway

LABELS = ("gateway", "name", "kind", "control_plane")
_PREFIX = "portolan_gateway"

_Row = tuple[Labels, bool, Status]


def families() -> Iterator[Metric]:
    """One query and two looks into Redis. Raises `RedisError`, `DatabaseError`."""
    found = Gateway.objects.order_by("pk").values_list(
        "pk", "name", "kind", "control_plane__slug", "enabled"
    )
    rows = [((str(pk), name, kind, plane), enabled) for pk, name, kind, plane, enabled in found]
    ids = [labels[0] for labels, _enabled in rows]
    said, owned = health.read(ids), held(map(keys.gateway, ids))
    table = Table(_PREFIX, LABELS)
    known: list[_Row] = []
    for (labels, enabled), holder in zip(rows, owned, strict=True):
        status = said[labels[0]]
        table.gauge("enabled", "It is to be driven", labels, enabled)
        table.gauge("driven", "A worker holds its lease", labels, holder)
        in_sync = enabled and holder and status.phase == Phase.IN_SYNC
        table.gauge("up", "It is driven and in sync", labels, in_sync)
        _say(table, labels, status)
        known.append((labels, enabled, status))
    yield from table
    yield _phases(known)
    yield leases("gateway", owned)


def _say(table: Table, labels: Labels, status: Status) -> None:
    epoch, _dash, seq = status.applied.partition("-")
    applied = epoch.isdecimal() and seq.isdecimal()
    table.moment("phase", "When the phase began", labels, status.since)
    table.moment("said", "When its driver last said anything", labels, status.said_at)
    table.moment("applied", "When it last took a change", labels, status.applied_at)
    text = "Position of its control plane's feed that it has"
    table.gauge("applied_seq", text, labels, int(seq) if applied else None)
    lag = status.lag_ms / 1000 if status.applied_at else None
    text = "From the API server's word to the gateway, newest change of nodes"
    table.gauge("lag_seconds", text, labels, lag)
    table.gauge("resources", "Routes and upstreams that it has", labels, status.resources)
    text = "Resources that its kind cannot have"
    table.gauge("refused_resources", text, labels, len(status.refused))
    table.count("written", "Keys or objects that were written", labels, status.written)


def _phases(rows: Iterable[_Row]) -> Metric:
    family = GaugeMetricFamily(
        f"{_PREFIX}_phase", "1 for the phase that it is in", labels=(*LABELS, "phase")
    )
    for labels, enabled, status in rows:
        now = status.phase if enabled else Phase.DISABLED
        for phase in Phase:
            family.add_metric((*labels, phase.value), now == phase)
    return family
