"""How the parts of one service become one state. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from console.contract.wire import Endpoint, Port, Subset
from registries.kube.parts import Part


def union(parts: Iterable[Part]) -> tuple[Subset, ...]:
    """Join the subsets of parts, the later ones counting for more. Sorted, so that the order of
    events and of slices does not show."""
    ports: dict[tuple[Port, ...], dict[str, Endpoint]] = {}
    for part in parts:
        for subset in part.subsets:
            known = ports.setdefault(subset.ports, {})
            for endpoint in subset.endpoints:
                known[endpoint.address] = better(known.get(endpoint.address), endpoint)
    return tuple(
        Subset(ports=of, endpoints=tuple(known[address] for address in sorted(known)))
        for of, known in sorted(ports.items(), key=_ports_order)
    )


def count(subsets: Iterable[Subset]) -> int:
    """The endpoints of subsets, ready or not."""
    return sum(len(subset.endpoints) for subset in subsets)


def addresses(part: Part | None) -> set[str]:
    """All addresses of a part, ready or not."""
    if part is None:
        return set()
    return {one.address for subset in part.subsets for one in subset.endpoints}


def better(old: Endpoint | None, new: Endpoint) -> Endpoint:
    """Choose between two entries of one address: of one pod the later; of two pods the ready one,
    since a pod that is going must not hide the one that got its address."""
    if old is None or old.pod == new.pod:
        return new
    if old.ready != new.ready:
        return old if old.ready else new
    return old if new.terminating and not old.terminating else new


def _ports_order(item: tuple[tuple[Port, ...], object]) -> list[tuple[str, int, str, str]]:
    return [(port.name, port.port, port.protocol, port.app) for port in item[0]]
