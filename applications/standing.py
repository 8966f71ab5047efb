"""How applications and their members stand now: the nodes behind them, and whether gateways still
go to nodes that are none any more. Why a member has the nodes that it has: `applications.explain`.

Looks into the registries' and the control plane's feeds and never raises: with Redis away nothing
is known, and pages say that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from applications import compiled
from applications.explain import Explanation, explain
from applications.explain import kept as kept
from applications.models import Application, Member, Upstream
from console.redis import RedisError


@dataclass(frozen=True, slots=True)
class UpstreamStanding:
    """What gateways are told of an upstream. `nodes` is None if nothing is compiled (not published,
    or nothing is known); `warning` says that they are kept though none is ready."""

    nodes: int | None = None
    warning: str = ""


def of_members(members: Iterable[Member]) -> list[Explanation]:
    """The standing of each member, in the given order, at a constant number of looks. Members need
    not be saved."""
    return explain(members)


def of_upstreams(control_plane_id: str, upstreams: Iterable[Upstream]) -> list[UpstreamStanding]:
    """The standing of each upstream of a control plane, in the given order: one look for all."""
    ids = [str(row.pk) for row in upstreams]
    try:
        found = compiled.upstreams(control_plane_id, ids)
    except RedisError:
        found = {}
    return [
        UpstreamStanding(len(found[one].nodes), kept(found[one]))
        if one in found
        else UpstreamStanding()
        for one in ids
    ]


def of_applications(applications: Iterable[Application]) -> dict[str, UpstreamStanding]:
    """The standing of each application's default version. The applications share a control plane
    and have their upstreams prefetched."""
    rows = [(row, row.default_upstream) for row in applications]
    wanted = {str(row.pk): upstream for row, upstream in rows if upstream is not None}
    standings = of_upstreams(str(rows[0][0].control_plane_id), wanted.values()) if rows else []
    found = dict(zip(wanted, standings, strict=True))
    return {str(row.pk): found.get(str(row.pk), UpstreamStanding()) for row, _upstream in rows}
