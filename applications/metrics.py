"""The chart room's metrics: how far each control plane is compiled."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

from console import redis
from console.contract import keys
from console.metrics import Table, held, leases
from console.models import ControlPlane

LABELS = ("control_plane", "name")


def families() -> Iterator[Metric]:
    """One query and two journeys to Redis. Raises `RedisError`, `DatabaseError`."""
    rows = list(ControlPlane.objects.order_by("pk").values_list("pk", "slug", "name"))
    owners = [keys.control_plane(str(pk)) for pk, _slug, _name in rows]
    table = Table("portolan_control_plane", LABELS)
    owned = held(owners)
    for (_pk, slug, name), holder, (epoch, seq, at) in zip(
        rows, owned, _positions(owners), strict=True
    ):
        labels = (slug, name)
        table.gauge("compiled", "A worker holds its lease", labels, holder)
        table.gauge("feed_epoch", "Epoch of its feed's writer", labels, epoch)
        table.gauge("feed_seq", "Position of its feed", labels, seq)
        table.moment("feed_commit", "When its feed was last written", labels, at)
    yield from table
    yield leases("control_plane", owned)


def _positions(owners: list[str]) -> list[tuple[int, int, int]]:
    """Epoch, seq and time of the last commit of each feed."""
    asked = redis.store().pipeline(transaction=False)
    for owner in owners:
        asked.hmget(keys.feed(owner).meta, ["epoch", "seq", "at"])
    return [(int(epoch or 0), int(seq or 0), int(at or 0)) for epoch, seq, at in asked.execute()]
