"""Keeping the last nodes of an upstream for a while when its services have none. Pure.

An upstream with the policy *keep* says with its nodes which service brought which of them
(`wire.Origin`). When none of its services has a node any more, known to be empty or deleted, the
nodes last compiled stay for `keep_for` seconds, then they go:

* Only an upstream without any node waits. One that has a static target, or another service with
  nodes, goes on with these at once.
* Only nodes of services that are still members stay: the same registry, namespace, service and
  port. What a person takes away is gone at once, whatever the policy; so are static targets.
* The first node that comes back ends the waiting; the kept ones go.
* The clock is that of the compiler who first found no node, and the state carries it: another
  compiler goes on with it. One whose own clock is behind starts anew from its present, so that no
  clock makes the nodes stay for longer than `keep_for`.
* An edit of `keep_for` counts from the same beginning.

A registry that is not known keeps everything anyway (`applications.compiler`): only when all are
known does this module decide.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from applications.specs import MemberSpec, UpstreamSpec
from console.contract import wire

KEEP = "keep"


def with_origins(
    compiled: wire.Upstream, brought: Iterable[tuple[MemberSpec, Iterable[wire.Node]]]
) -> wire.Upstream:
    """Say whose nodes an upstream has. `brought` are its discovered members and their nodes."""
    places = {(node.host, node.port): place for place, node in enumerate(compiled.nodes)}
    origins: dict[wire.Origin, set[int]] = {}
    for member, nodes in brought:
        found = {places[node.host, node.port] for node in nodes}
        origins.setdefault(_origin(member), set()).update(found)
    return replace(
        compiled,
        origins=tuple(
            replace(origin, nodes=tuple(sorted(found))) for origin, found in origins.items()
        ),
    )


def kept(
    spec: UpstreamSpec, compiled: wire.Upstream, before: wire.Upstream | None, *, now: int
) -> wire.Upstream:
    """Give an upstream without nodes those that it had before, if it may keep them now."""
    if before is None:
        return compiled
    since = min(before.kept_since or now, now)
    until = since + spec.keep_for * 1000
    if until <= now:
        # It was due then, whenever it was looked at: nothing here is as old as the last reading.
        return replace(compiled, observed_at=max(compiled.observed_at, until))
    brought = [(member, _left_by(member, before)) for member in spec.members if member.registry]
    found: dict[tuple[str, int], wire.Node] = {}
    for _, left in brought:
        for node in left:
            found.setdefault((node.host, node.port), node)
    if not found:
        return compiled
    nodes = tuple(found[address] for address in sorted(found))
    again = replace(compiled, nodes=nodes, kept_since=since, kept_until=until)
    return with_origins(again, brought)


def _left_by(member: MemberSpec, before: wire.Upstream) -> list[wire.Node]:
    """The nodes that a member had, as it weighs now."""
    origin = _origin(member)
    return [
        replace(before.nodes[place], weight=member.weight, priority=member.priority)
        for one in before.origins
        if replace(one, nodes=()) == origin
        for place in one.nodes
        if 0 <= place < len(before.nodes)
    ]


def _origin(member: MemberSpec) -> wire.Origin:
    return wire.Origin(
        registry=member.registry,
        namespace=member.namespace,
        service=member.service,
        port=member.service_port,
    )
