"""What is known of one registry now, in memory: the union of its slices, service by service.

The reflector's threads write, the publisher's thread reads; neither waits for the other longer
than a dictionary takes. The store remembers which services changed, not what happened to them:
the publisher builds their present state, however often they changed.

A scope is what one list covers: all namespaces, or one. `replace` is atomic for its scope: parts
that the list no longer has go, and nothing is gone before the list is complete. Services that were
published by an earlier worker (`inherit`) stay until a list of their scope has come.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from console.contract import keys
from console.contract.wire import Endpoint, Port, Service, Subset
from registries.kube.slices import Part

# A part's name within its store: an Endpoints object and a slice never share one store.
PartKey = tuple[str, str]


@dataclass(slots=True)
class _Held:
    part: Part
    order: int  # grows with every event: among doubles of one pod the later entry counts


class EndpointStore:
    def __init__(
        self,
        *,
        scopes: Iterable[str] = ("",),
        family: str = "prefer_ipv4",
        serve_terminating: bool = False,
        wanted: Callable[[str], bool] = lambda namespace: True,
    ) -> None:
        self._family = family
        self._serve_terminating = serve_terminating
        self._wanted = wanted
        self._parts: dict[PartKey, _Held] = {}
        self._services: dict[str, set[PartKey]] = {}
        self._inherited: dict[str, int] = {}
        self._dirty: set[str] = set()
        self._order = 0
        self._changed = threading.Condition()
        self._scopes = frozenset(scopes)
        self._synced: set[str] = set()
        self._refused: Counter[str] = Counter()
        self._truncated: set[str] = set()

    def inherit(self, services: Iterable[Service]) -> None:
        """Tell which services are published already. A list of their scope judges them."""
        with self._changed:
            self._inherited = {
                keys.service(one.namespace, one.name): count(one.subsets) for one in services
            }

    def remaining(self, scope: str, parts: Iterable[Part]) -> tuple[int, int]:
        """How many endpoints the scope has, and how many it would have with this list."""
        with self._changed:
            now = sum(
                count(held.part.subsets)
                for key, held in self._parts.items()
                if not scope or key[0] == scope
            ) + sum(number for name, number in self._inherited.items() if _inside(name, scope))
        return now, sum(count(part.subsets) for part in parts if self._takes(part))

    def replace(self, scope: str, parts: Iterable[Part]) -> None:
        """Take a complete list of a scope: a namespace, or all of them if empty."""
        with self._changed:
            listed = {(part.namespace, part.name): part for part in parts if self._takes(part)}
            for key in [key for key in self._parts if not scope or key[0] == scope]:
                if key not in listed:
                    self._drop(key)
            for part in listed.values():
                self._put(part)
            self._synced.add(scope)
            # With the last scope's list everything is judged, also what no scope covers any more.
            everything = self._synced >= self._scopes
            for name in list(self._inherited):
                if everything or _inside(name, scope):
                    del self._inherited[name]
                    self._dirty.add(name)
            self._changed.notify_all()

    def put(self, part: Part) -> None:
        with self._changed:
            if self._takes(part):
                self._put(part)
                self._changed.notify_all()

    def drop(self, namespace: str, name: str) -> None:
        with self._changed:
            self._drop((namespace, name))
            self._changed.notify_all()

    def wait(self, timeout: float) -> bool:
        """Wait for something to publish, or for `wake`; True if there is something."""
        with self._changed:
            if not self._dirty:
                self._changed.wait(timeout)
            return bool(self._dirty)

    def wake(self) -> None:
        """End a `wait` early: the one who waits has something else to look at."""
        with self._changed:
            self._changed.notify_all()

    def take(self) -> dict[str, Service | None]:
        """Hand out the present state of every service that changed since the last call; None:
        it does not exist."""
        with self._changed:
            names, self._dirty = self._dirty, set()
            return {name: self._build(name) for name in names}

    def again(self, names: Iterable[str]) -> None:
        """Put services back: they could not be published."""
        with self._changed:
            self._dirty.update(names)

    def synced(self) -> frozenset[str]:
        """The scopes of which a complete list has come."""
        with self._changed:
            return frozenset(self._synced)

    def refused(self) -> dict[str, int]:
        """Endpoints that were left out, counted by reason."""
        with self._changed:
            return {reason: number for reason, number in self._refused.items() if number}

    def truncated(self) -> list[str]:
        """Services whose Endpoints object was cut off by the cluster at 1,000 addresses."""
        with self._changed:
            return sorted(self._truncated)

    def _takes(self, part: Part) -> bool:
        return self._wanted(part.namespace)

    def _put(self, part: Part) -> None:
        key = (part.namespace, part.name)
        service = keys.service(part.namespace, part.service)
        held = self._parts.get(key)
        if held is not None and held.part == part:
            return
        if held is not None and held.part.service != part.service:
            self._drop(key)  # relabelled: it leaves its old service
            held = None
        if held is not None:
            self._refused.subtract(held.part.refused)
        self._refused.update(part.refused)
        (self._truncated.add if part.truncated else self._truncated.discard)(service)
        self._order += 1
        self._parts[key] = _Held(part, self._order)
        self._services.setdefault(service, set()).add(key)
        self._dirty.add(service)

    def _drop(self, key: PartKey) -> None:
        held = self._parts.pop(key, None)
        if held is None:
            return
        self._refused.subtract(held.part.refused)
        service = keys.service(held.part.namespace, held.part.service)
        of_service = self._services[service]
        of_service.discard(key)
        self._truncated.discard(service)
        if not of_service:
            del self._services[service]
        self._dirty.add(service)

    def _build(self, name: str) -> Service | None:
        held = [self._parts[key] for key in self._services.get(name, ())]
        if not held:
            return None
        held.sort(key=lambda one: one.order)
        namespace, _, service = name.partition("/")
        return Service(
            namespace=namespace,
            name=service,
            subsets=union([one.part for one in held if one.part.family in self._families(held)]),
            serve_terminating=self._serve_terminating,
        )

    def _families(self, held: list[_Held]) -> tuple[int, ...]:
        """A dual-stack service has every pod twice; one family is enough."""
        if self._family == "ipv4":
            return (0, 4)
        if self._family == "ipv6":
            return (0, 6)
        has_ipv4 = any(one.part.family == 4 and one.part.subsets for one in held)
        return (0, 4) if has_ipv4 else (0, 4, 6)


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


def better(old: Endpoint | None, new: Endpoint) -> Endpoint:
    """Choose between two entries of one address: of one pod the later; of two pods the ready one,
    since a pod that is going must not hide the one that got its address."""
    if old is None or old.pod == new.pod:
        return new
    if old.ready != new.ready:
        return old if old.ready else new
    return old if new.terminating and not old.terminating else new


def _inside(name: str, scope: str) -> bool:
    return not scope or name.startswith(f"{scope}/")


def _ports_order(item: tuple[tuple[Port, ...], object]) -> list[tuple[str, int, str, str]]:
    return [(port.name, port.port, port.protocol, port.app) for port in item[0]]
