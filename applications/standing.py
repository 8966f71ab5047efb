"""How applications and their members stand now: the nodes behind them, or why there are none, and
whether gateways still go to nodes that are none any more.

Looks into the registries' and the control plane's feeds and never raises: with Redis away nothing
is known, and pages say that.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from applications import compiled, discovered, nodes
from applications.models import Application, Member, Upstream
from console.contract import keys, wire
from console.redis import RedisError
from registries import standing as registry_standing
from registries.health import Phase
from registries.standing import Standing

_LATE = 2_000  # milliseconds after the last moment of kept nodes: somebody should have come by


@dataclass(frozen=True, slots=True)
class MemberStanding:
    """`reason` says why there is no node, or why the nodes may be old; empty if all is well."""

    member: Member
    nodes: tuple[wire.Node, ...] = ()
    reason: str = ""
    registry: Standing | None = None
    known: bool = True

    @property
    def incomplete(self) -> bool:
        """Whether something is still to be chosen: no fault yet."""
        return self.registry is None or not self.member.service


@dataclass(frozen=True, slots=True)
class UpstreamStanding:
    """What gateways are told of an upstream. `nodes` is None if nothing is compiled (not published,
    or nothing is known); `warning` says that they are kept though none is ready."""

    nodes: int | None = None
    warning: str = ""


def of_members(members: Iterable[Member]) -> list[MemberStanding]:
    """The standing of each member, in the given order: one look for the registries, one for the
    services of each registry. Members need not be saved."""
    rows = list(members)
    followed = [row for row in rows if row.kind == Member.Kind.DISCOVERY and row.registry]
    standings = registry_standing.of({row.registry for row in followed if row.registry})
    try:
        services = _services(followed)
    except RedisError:
        services = None
    return [_of_member(row, standings, services) for row in rows]


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


def kept(upstream: wire.Upstream) -> str:
    """Say that an upstream serves kept nodes, since and until when; nothing if it does not."""
    if not upstream.kept_until:
        return ""
    count = len(upstream.nodes)
    values = {
        "count": count,
        "since": _moment(upstream.kept_since),
        "until": _moment(upstream.kept_until),
    }
    if upstream.kept_until + _LATE < time.time() * 1000:
        text = ngettext(
            "No endpoint is ready since %(since)s; the last node was kept until %(until)s and stays"
            " until its registry has been read and compiled again.",
            "No endpoint is ready since %(since)s; the last %(count)d nodes were kept until"
            " %(until)s and stay until their registry has been read and compiled again.",
            count,
        )
    else:
        text = ngettext(
            "No endpoint is ready since %(since)s; the last node is kept until %(until)s.",
            "No endpoint is ready since %(since)s; the last %(count)d nodes are kept until"
            " %(until)s.",
            count,
        )
    return text % values


def _moment(millis: int) -> str:
    at = timezone.localtime(datetime.fromtimestamp(millis / 1000, UTC))
    today = at.date() == timezone.localdate()
    return at.strftime("%H:%M:%S %Z" if today else "%Y-%m-%d %H:%M:%S %Z")


def _services(members: Iterable[Member]) -> dict[str, dict[str, wire.Service]]:
    names: dict[str, set[str]] = defaultdict(set)
    for member in members:
        names[str(member.registry_id)].add(keys.service(member.namespace, member.service))
    return {registry: discovered.services(registry, some) for registry, some in names.items()}


def _of_member(
    member: Member,
    standings: dict[str, Standing],
    services: dict[str, dict[str, wire.Service]] | None,
) -> MemberStanding:
    if member.kind == Member.Kind.STATIC:
        if not member.host or not member.port:
            return MemberStanding(member)
        node = wire.Node(
            host=member.host, port=member.port, weight=member.weight, priority=member.priority
        )
        return MemberStanding(member, (node,))
    standing = standings.get(str(member.registry_id))
    if standing is None:
        return MemberStanding(member, reason=_("Choose a registry."))
    if services is None or not standing.known:
        return MemberStanding(member, registry=standing, known=False)
    name = keys.service(member.namespace, member.service)
    service = services.get(str(member.registry_id), {}).get(name)
    found = (
        nodes.of(service, member.service_port, weight=member.weight, priority=member.priority)
        if service
        else []
    )
    reason = _reason(member, standing, service, has_nodes=bool(found))
    return MemberStanding(member, tuple(found), reason, standing)


def _reason(
    member: Member, standing: Standing, service: wire.Service | None, *, has_nodes: bool
) -> str:
    phase = standing.status.phase
    assert member.registry is not None  # noqa: S101 - it has a standing
    registry = {"registry": member.registry.name, "why": standing.status.text}
    if not member.registry.enabled:
        return _("The registry “%(registry)s” is disabled; its nodes stay as they were.") % registry
    if phase == Phase.FAILING:
        text = _("The registry “%(registry)s” is failing: %(why)s") % registry
        return f"{text} {_('Its nodes stay as they were last seen.')}" if has_nodes else text
    if has_nodes:
        return ""
    if service is None and phase != Phase.CONNECTED:
        return _("The registry “%(registry)s” has not been read yet.") % registry
    if service is None:
        if not member.service:
            return _("Choose a service.")
        return _("No service %(namespace)s/%(service)s with endpoints is known.") % {
            "namespace": member.namespace,
            "service": member.service,
        }
    if service.subsets and not nodes.has_port(service, member.service_port):
        offered = ", ".join(nodes.offered_ports(service))
        if not member.service_port:
            return _("The service has several ports; choose one of %s.") % offered
        return _("The service has no port “%(port)s”; it offers %(ports)s.") % {
            "port": member.service_port,
            "ports": offered,
        }
    total = sum(len(subset.endpoints) for subset in service.subsets)
    if total:
        return _("None of its %d endpoints is ready.") % total
    return _("The service has no endpoints: no pod is behind it.")
