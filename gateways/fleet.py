"""The instances of gateways as pages, REST and metrics tell of them: what was reported, and how
each stands. Never raises: with Redis away there is nothing to tell."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from console import lags, redis
from console.lags import BOUNDS, Bucket
from console.redis import RedisError
from console.ui.pages import Badge
from gateways import instances, presence, standing
from gateways.instances import Instance
from gateways.models import Gateway
from gateways.presence import COLOURS, Presence, State, Way

_QUICK = 0.1  # seconds from cluster to gateway within which nobody notices anything


@dataclass(frozen=True, slots=True)
class Member:
    """An instance for a page."""

    instance: Instance
    state: State
    behind: int | None
    behind_ms: int | None

    @property
    def badge(self) -> Badge:
        return Badge(self.state.label, COLOURS[self.state])

    @property
    def lags(self) -> list[Bucket]:
        return lags.of(self.instance)

    @property
    def silent(self) -> bool:
        """Whether its last report is old. Of the others pages say no age: a report that only says
        the same again is not told to them."""
        return self.state in (State.LOST, State.OFFLINE)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bucket of the histogram. `height` is of the tallest, 0 to 1; `health` says how a person
    would feel about such a lag."""

    up_to: float | None
    count: int
    height: float
    health: str


@dataclass(frozen=True, slots=True)
class Fleet:
    """The instances of one gateway. `lag_counts` and `lag_sum`: their lags as one histogram
    (`console.lags`), the sum in seconds."""

    members: tuple[Member, ...] = ()
    lag_counts: tuple[int, ...] = ()
    lag_sum: float = 0.0

    @property
    def healthy(self) -> int:
        return sum(one.state is State.HEALTHY for one in self.members)

    @property
    def measured(self) -> int:
        """Changes whose lag was counted."""
        return sum(self.lag_counts)

    @property
    def half(self) -> float | None:
        """The bound, in seconds, that half of the changes kept; None: beyond all bounds."""
        return lags.within(self, 0.5)

    @property
    def most(self) -> float | None:
        """The same of 99 %."""
        return lags.within(self, 0.99)

    @property
    def bars(self) -> list[Bar]:
        """The histogram as a picture; empty if nothing was counted."""
        if not self.measured:
            return []
        found = lags.of(self)
        tallest = max(one.share for one in found)
        return [Bar(one.up_to, one.count, one.share / tallest, _health(one.up_to)) for one in found]

    @property
    def ill(self) -> list[Member]:
        """Those that a person should look at. Who is offline was taken away long ago."""
        return [one for one in self.members if one.state in (State.HEARTBEATS, State.LOST)]


def of(gateways: Iterable[Gateway]) -> dict[str, Fleet]:
    """The instances of each gateway, by its id: two looks into Redis for each control plane at
    most, whatever their number."""
    planes: dict[str, list[str]] = {}
    for row in gateways:
        planes.setdefault(str(row.control_plane_id), []).append(str(row.pk))
    found: dict[str, Fleet] = {}
    for plane, ids in planes.items():
        found |= of_plane(plane, ids)
    return found


def of_plane(control_plane_id: str, gateway_ids: Iterable[str]) -> dict[str, Fleet]:
    """The same for gateways of one control plane."""
    ids = list(gateway_ids)
    try:
        reported = instances.read(redis.store(), ids)
    except RedisError:
        return dict.fromkeys(ids, Fleet())
    every = {(key, one.id): one for key, listed in reported.items() for one in listed}
    ways = standing.progress(control_plane_id, every) if every else {}
    now = int(time.time() * 1000)
    told: dict[str, list[Presence]] = {one: [] for one in ids}
    for (key, name), instance in every.items():
        way = ways[key, name]
        lacks = Way(way.behind, way.waiting_since) if instance.applied else Way()
        told[key].append(presence.of(instance, lacks, now=now))
    return {key: _fleet(listed) for key, listed in told.items()}


def _fleet(listed: list[Presence]) -> Fleet:
    """Instances that count in other buckets, of another release, are left out of the histogram."""
    counted = [one.instance for one in listed if len(one.instance.lag_counts) == len(BOUNDS) + 1]
    return Fleet(
        members=tuple(Member(one.instance, one.state, one.behind, one.behind_ms) for one in listed),
        lag_counts=tuple(map(sum, zip(*(one.lag_counts for one in counted), strict=True))),
        lag_sum=sum(one.lag_sum for one in counted),
    )


def _health(up_to: float | None) -> str:
    if up_to is None or up_to > 1:
        return "bad"
    return "good" if up_to <= _QUICK else "warn"
