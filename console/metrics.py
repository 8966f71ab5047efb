"""What the rooms' families of metrics are made with, and the floor's own: Redis.

A family is rendered when it is asked for, from what workers have left in Redis; nothing is counted
in the console's own process, of which there may be several. Labels are ids and what people of the
house have typed. What a cluster says never becomes one: it is hostile, and without end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from console import redis, storage
from console.contract import keys

Labels = tuple[str, ...]


class Table:
    """The families of one kind of row, all with the same labels."""

    def __init__(self, prefix: str, labels: Labels) -> None:
        self._prefix = prefix
        self._labels = labels
        self._families: dict[str, GaugeMetricFamily | CounterMetricFamily] = {}

    def gauge(self, name: str, text: str, labels: Labels, value: float | None) -> None:
        """Add a sample; None: nothing is known, and nothing is said."""
        family = self._family(GaugeMetricFamily, name, text)
        if value is not None:
            family.add_metric(labels, value)

    def moment(self, name: str, text: str, labels: Labels, milliseconds: int) -> None:
        """Add a time as Prometheus has it, in seconds; 0 is never, and nothing is said."""
        seconds = milliseconds / 1000 if milliseconds else None
        self.gauge(f"{name}_timestamp_seconds", text, labels, seconds)

    def count(self, name: str, text: str, labels: Labels, value: float) -> None:
        self._family(CounterMetricFamily, name, text).add_metric(labels, value)

    def __iter__(self) -> Iterator[Metric]:
        return iter(self._families.values())

    def _family(
        self, kind: type[GaugeMetricFamily] | type[CounterMetricFamily], name: str, text: str
    ) -> GaugeMetricFamily | CounterMetricFamily:
        found = self._families.get(name)
        if found is None:
            found = kind(f"{self._prefix}_{name}", text, labels=self._labels)
            self._families[name] = found
        return found


def held(owners: Iterable[str]) -> list[bool]:
    """Whether somebody works for each owner, by one look for all. Raises `RedisError`."""
    wanted = [keys.lease(one) for one in owners]
    return [holder is not None for holder in redis.store().mget(wanted)] if wanted else []


def leases(kind: str, owned: list[bool]) -> Metric:
    """How many owners of a kind somebody works for."""
    return GaugeMetricFamily(
        f"portolan_{kind}_leases", f"Work of the kind {kind} that a worker holds", value=sum(owned)
    )


def store() -> Iterator[Metric]:
    """The Redis of the feeds. Raises `RedisError`."""
    found = storage.look()
    yield GaugeMetricFamily("portolan_redis_up", "Redis answers", value=1)
    yield GaugeMetricFamily(
        "portolan_redis_evicts", "Its maxmemory-policy is not noeviction", value=found.evicts
    )
    yield GaugeMetricFamily("portolan_redis_memory_used_bytes", "In use", value=found.used)
    yield GaugeMetricFamily(
        "portolan_redis_memory_limit_bytes", "maxmemory; 0: no limit", value=found.limit
    )
