"""The last commits of a control plane, as one of its gateways took them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from console import redis
from console.contract import keys
from gateways.health import Status
from gateways.models import Gateway
from gateways.refusals import named

_NAMED = 4  # resources of a commit that are told of one by one


@dataclass(frozen=True, slots=True)
class Resource:
    """`url` is the page of its row; empty: there is none any more."""

    key: str
    title: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Publication:
    """One commit. `at` in milliseconds; `keys`: of all its resources, `more`: how many of them are
    not named. `taken`: the gateway has it, None if that is not known; `after_ms`: so long after the
    commit it was applied, known of the newest one only."""

    position: str
    at: int
    resources: tuple[Resource, ...]
    more: int
    taken: bool | None
    after_ms: int | None = None
    keys: tuple[str, ...] = ()


def last(gateway: Gateway, status: Status, count: int = 10) -> list[Publication]:
    """The newest first. One look into Redis and two queries. Raises `RedisError`."""
    feed = keys.feed(keys.control_plane(str(gateway.control_plane_id)))
    entries = redis.store().xrevrange(feed.changes, count=count)
    commits = [
        (place.decode(), int(fields.get(b"at", 0)), json.loads(fields.get(b"keys", b"[]")))
        for place, fields in entries
    ]
    titles = named({key for _place, _at, changed in commits for key in changed[:_NAMED]})
    return [
        Publication(
            position=place,
            at=at,
            resources=tuple(Resource(key, *titles.get(key, (key,))) for key in changed[:_NAMED]),
            more=max(0, len(changed) - _NAMED),
            taken=_taken(place, status.applied),
            after_ms=_after(place, at, status),
            keys=tuple(changed),
        )
        for place, at, changed in commits
    ]


def _after(place: str, at: int, status: Status) -> int | None:
    """A driver that began after the commit gave everything anew: that tells no delay."""
    if place != status.applied or status.since > at:
        return None
    return max(0, status.applied_at - at)


def _taken(place: str, applied: str) -> bool | None:
    try:
        return _numbers(place) <= _numbers(applied)
    except ValueError:
        return None


def _numbers(position: str) -> tuple[int, int]:
    epoch, _dash, seq = position.partition("-")
    return int(epoch), int(seq)
