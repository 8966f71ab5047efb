"""The outlet's metrics: what each gateway's driver last said, in figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from console import lags, redis
from console.contract import keys
from console.metrics import Labels, Table, held, leases
from gateways import fleet, health, standing
from gateways.fleet import Fleet
from gateways.health import Phase, Status
from gateways.models import Gateway
from gateways.presence import State
from gateways.xds import standing as xds

LABELS = ("gateway", "name", "kind", "control_plane")
_PREFIX = "portolan_gateway"

_Row = tuple[Labels, bool, Status]


def families() -> Iterator[Metric]:
    """One query and two looks into Redis, and two more for each control plane. Raises
    `RedisError`, `DatabaseError`."""
    found = list(
        Gateway.objects.order_by("pk").select_related("control_plane").defer("secret", "settings")
    )
    rows = [
        ((str(row.pk), row.name, row.kind, row.control_plane.slug), row.enabled) for row in found
    ]
    ids = [labels[0] for labels, _enabled in rows]
    fleets = fleet.of(found)
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
    yield _instances(known, fleets)
    yield _lags(known, fleets)
    yield leases("gateway", owned)
    yield from _xds_servers()


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
    table.gauge("last_lag_seconds", text, labels, lag)
    text = "Resources of which the gateway served something else when it was last asked"
    asked = bool(standing.audited_at(status))
    found = len(standing.differences_of(status)) if asked else None
    table.gauge("differences", text, labels, found)
    table.moment("audited", "When it was last asked", labels, standing.audited_at(status))
    table.gauge("resources", "Routes and upstreams that it has", labels, status.resources)
    text = "Resources that its kind cannot have"
    table.gauge("refused_resources", text, labels, len(status.refused))
    table.count("written", "Keys or objects that were written", labels, status.written)


def _xds_servers() -> Iterator[Metric]:
    table = Table("portolan_xds", ("server",))
    for one in xds.read(redis.store()):
        labels = (one.id,)
        table.gauge("envoys", "Connected to it", labels, one.envoys)
        text = "When its certificate ends"
        table.moment("certificate_expiry", text, labels, one.certificate_expires_at)
        text = "The certificate in its files cannot be used; it goes on with the one before"
        table.gauge("certificate_refused", text, labels, bool(one.certificate_trouble))
    yield from table


def _phases(rows: Iterable[_Row]) -> Metric:
    family = GaugeMetricFamily(
        f"{_PREFIX}_phase", "1 for the phase that it is in", labels=(*LABELS, "phase")
    )
    for labels, enabled, status in rows:
        now = status.phase if enabled else Phase.DISABLED
        for phase in Phase:
            family.add_metric((*labels, phase.value), now == phase)
    return family


def _instances(rows: Iterable[_Row], fleets: Mapping[str, Fleet]) -> Metric:
    family = GaugeMetricFamily(
        f"{_PREFIX}_instances", "Its running processes, by state", labels=(*LABELS, "state")
    )
    for labels, _enabled, _status in rows:
        states = [one.state for one in fleets[labels[0]].members]
        for state in State:
            family.add_metric((*labels, state.value), states.count(state))
    return family


def _lags(rows: Iterable[_Row], fleets: Mapping[str, Fleet]) -> Metric:
    family = HistogramMetricFamily(
        f"{_PREFIX}_lag_seconds",
        "From the API server's word to an instance's confirmation, by change",
        labels=LABELS,
    )
    for labels, _enabled, _status in rows:
        found, bounds, below = fleets[labels[0]], [], 0
        for one in lags.of(found) if found.measured else ():
            below += one.count
            bounds.append(("+Inf" if one.up_to is None else f"{one.up_to:g}", float(below)))
        if bounds:
            family.add_metric(labels, bounds, found.lag_sum)
    return family
