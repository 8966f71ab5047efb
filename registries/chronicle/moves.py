"""What became of a service's nodes between two states. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from console.contract.wire import Endpoint, Service
from registries.union import better

# Changes that one move names; a service may have thousands of endpoints.
NAMED = 50


class What:
    """What may become of an address."""

    ADDED = "added"
    REMOVED = "removed"
    READY = "ready"
    NOT_READY = "not-ready"
    TERMINATING = "terminating"
    DRAINED = "drained"  # terminating, and it no longer serves what is under way
    BACK = "back"  # it was terminating and is no longer
    DIPPED = "dipped"  # ready before and after, and for a moment it was not


class Kind:
    """What a move tells of."""

    MOVED = "moved"
    APPEARED = "appeared"  # a service that was not there
    DELETED = "deleted"  # a service
    FIRST = "first"  # the cluster was read for the first time: `services` of them
    RESTORED = "restored"  # Redis had lost everything: `services` were written again
    MANY = "many"  # so many `services` at once that they are not told one by one
    MISSED = "missed"  # `services` whose moves could not be written down


class Change(Struct, frozen=True, kw_only=True, array_like=True):
    """One address; `ready` is how it is now."""

    address: str
    what: str
    pod: str = ""
    ready: bool = False


class Move(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one service's nodes did within a moment. Counts are addresses, each once; of the kinds
    that are about many services, their sums."""

    kind: str = Kind.MOVED
    namespace: str = ""
    name: str = ""
    ready_before: int = 0
    ready_after: int = 0
    total_before: int = 0
    total_after: int = 0
    changes: tuple[Change, ...] = ()
    left_out: int = 0  # changes beyond those that are named
    services: int = 0
    # Where it was read from; not stored.
    registry_id: str = ""
    id: str = ""  # of the entry: `<ms>-<n>`

    @property
    def at(self) -> int:
        """When it was committed, in milliseconds since the epoch by the clock of Redis."""
        return int(self.id.partition("-")[0] or 0)

    @property
    def service(self) -> str:
        """The service's key, `namespace/name`; empty where it is about many."""
        return f"{self.namespace}/{self.name}" if self.name else ""


def moves_of(
    name: str,
    before: Service | None,
    after: Service | None,
    *,
    between: Iterable[Service | None] = (),
) -> Move | None:
    """What happened to a service, by its key; None if nothing did to its nodes. `between` are the
    states that it had meanwhile."""
    was, now = _nodes(before), _nodes(after)
    changes = [*_changes(was, now), *_dips(was, now, [_nodes(one) for one in between])]
    if before is not None and after is not None and not changes:
        return None
    if before is None and after is None:
        return None
    namespace, _slash, service = name.partition("/")
    return Move(
        kind=Kind.MOVED if before and after else Kind.APPEARED if after else Kind.DELETED,
        namespace=namespace,
        name=service,
        ready_before=_ready(was.values()),
        ready_after=_ready(now.values()),
        total_before=len(was),
        total_after=len(now),
        changes=tuple(changes[:NAMED]),
        left_out=max(0, len(changes) - NAMED),
    )


def summary(kind: str, moves: Iterable[Move]) -> Move:
    """Many moves as one."""
    told = list(moves)
    return Move(
        kind=kind,
        ready_before=sum(one.ready_before for one in told),
        ready_after=sum(one.ready_after for one in told),
        total_before=sum(one.total_before for one in told),
        total_after=sum(one.total_after for one in told),
        services=len(told),
    )


def _nodes(service: Service | None) -> dict[str, Endpoint]:
    """A service's endpoints by address; one that serves two sets of ports is one."""
    nodes: dict[str, Endpoint] = {}
    for subset in service.subsets if service else ():
        for one in subset.endpoints:
            nodes[one.address] = better(nodes.get(one.address), one)
    return nodes


def _changes(was: dict[str, Endpoint], now: dict[str, Endpoint]) -> Iterable[Change]:
    """In order of weight: what was lost, what changed, what was gained."""
    lost = [one for one in was.values() if not _same_node(one, now.get(one.address))]
    gained = [one for one in now.values() if not _same_node(one, was.get(one.address))]
    for one in lost:
        yield Change(address=one.address, what=What.REMOVED, pod=one.pod)
    for address, after in now.items():
        before = was.get(address)
        if before is not None and _same_node(after, before) and (what := _what(before, after)):
            yield Change(address=address, what=what, pod=after.pod, ready=after.ready)
    for one in gained:
        yield Change(address=one.address, what=What.ADDED, pod=one.pod, ready=one.ready)


def _dips(
    was: dict[str, Endpoint], now: dict[str, Endpoint], between: Iterable[dict[str, Endpoint]]
) -> Iterable[Change]:
    steady = [
        one
        for one in now.values()
        if one.ready and (before := was.get(one.address)) and before.ready and before.pod == one.pod
    ]
    lost = {
        one.address
        for nodes in between
        for one in steady
        if (then := nodes.get(one.address)) is None or not then.ready
    }
    for one in steady:
        if one.address in lost:
            yield Change(address=one.address, what=What.DIPPED, pod=one.pod, ready=True)


def _same_node(one: Endpoint, other: Endpoint | None) -> bool:
    """Whether both are of one pod: an address may be given to the next."""
    return other is not None and (one.pod == other.pod or not one.pod or not other.pod)


def _what(before: Endpoint, after: Endpoint) -> str:
    if before.terminating != after.terminating:
        return What.TERMINATING if after.terminating else What.BACK
    if before.ready != after.ready:
        return What.READY if after.ready else What.NOT_READY
    if after.terminating and before.serving and not after.serving:
        return What.DRAINED
    return ""


def _ready(nodes: Iterable[Endpoint]) -> int:
    return sum(one.ready for one in nodes)
