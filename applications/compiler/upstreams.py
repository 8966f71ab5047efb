"""From an upstream's members and the services they follow to its nodes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from applications import nodes
from applications.specs import MemberSpec, UpstreamSpec
from console.contract import wire

from . import keeping

# A service within a control plane: registry id and state key of its feed.
ServiceName = tuple[str, str]


def upstream(
    spec: UpstreamSpec,
    services: Mapping[ServiceName, wire.Service],
    *,
    known: Iterable[str],
    before: wire.Upstream | None,
    now: int,
) -> wire.Upstream:
    """One version's nodes, sorted and without doubles: of equal addresses the first member's."""
    keeps = spec.on_empty == keeping.KEEP
    found: dict[tuple[str, int], wire.Node] = {}
    leaving: set[tuple[str, int]] = set()
    brought: list[tuple[MemberSpec, list[wire.Node]]] = []
    observed = 0
    known = frozenset(known)
    for member in spec.members:
        if member.registry and member.registry not in known:
            if before is not None:
                return _as_before(spec, before, keeps=keeps)
            continue
        here = _nodes_of(member, services)
        state = services.get(member.name)
        if state is not None and nodes.leaving(state, member.service_port):
            leaving |= {(node.host, node.port) for node in here} - found.keys()
        for node in here:
            found.setdefault((node.host, node.port), node)
        if member.registry:
            brought.append((member, here))
        observed = max(observed, state.observed_at if state else 0)
    order = sorted(found)
    compiled = msgspec.structs.replace(
        _with_nodes(spec, tuple(found[key] for key in order), observed),
        leaving=tuple(place for place, key in enumerate(order) if key in leaving),
    )
    if keeps and found:
        compiled = keeping.with_origins(compiled, brought)
    elif keeps:
        compiled = keeping.kept(spec, compiled, before, now=now)
    return _with_digest(compiled)


def _nodes_of(member: MemberSpec, services: Mapping[ServiceName, wire.Service]) -> list[wire.Node]:
    if not member.registry:
        return [
            wire.Node(
                host=member.host, port=member.port, weight=member.weight, priority=member.priority
            )
        ]
    state = services.get(member.name)
    if state is None:
        return []
    return nodes.of(state, member.service_port, weight=member.weight, priority=member.priority)


def _with_nodes(
    spec: UpstreamSpec, found: tuple[wire.Node, ...], observed_at: int
) -> wire.Upstream:
    return wire.Upstream(
        id=spec.id,
        name=spec.name,
        scheme=spec.scheme,
        balance=spec.balance,
        hash_key=spec.hash_key,
        retries=spec.retries,
        timeouts=spec.timeouts,
        host_mode=spec.host_mode,
        host=spec.host,
        checks=spec.checks,
        nodes=found,
        observed_at=observed_at,
    )


def _as_before(spec: UpstreamSpec, before: wire.Upstream, *, keeps: bool) -> wire.Upstream:
    """The nodes there were, also those past their time: who knows whether others are ready."""
    compiled = msgspec.structs.replace(
        _with_nodes(spec, before.nodes, before.observed_at), leaving=before.leaving
    )
    if keeps:
        compiled = msgspec.structs.replace(
            compiled,
            kept_since=before.kept_since,
            kept_until=before.kept_until,
            origins=before.origins,
        )
    return _with_digest(compiled)


def _with_digest(compiled: wire.Upstream) -> wire.Upstream:
    return msgspec.structs.replace(compiled, digest=wire.digest(compiled))
