"""What is known of one registry now, in memory: the union of its slices, service by service.

The reflector's threads write, the publisher's thread reads; neither waits for the other longer
than a dictionary takes. The store remembers which services changed, not what happened to them:
the publisher builds their present state, however often they changed.

A service that loses an address while other slices of it remain is held back for a moment: the
address may be on its way to another slice, and the two events have no order.

A scope is what one list covers: all namespaces, or one. `replace` is atomic for its scope: parts
that the list no longer has go, and nothing is gone before the list is complete. Services that were
published by an earlier worker (`inherit`) stay until a list of their scope has come.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from console.contract import keys
from console.contract.wire import Service
from registries.kube.parts import Part
from registries.moves import Moves
from registries.union import count, union

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
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._family = family
        self._serve_terminating = serve_terminating
        self._wanted = wanted
        self._parts: dict[PartKey, _Held] = {}
        self._services: dict[str, set[PartKey]] = {}
        self._inherited: dict[str, int] = {}
        # Since when (milliseconds since the epoch) a service has changes that nobody took.
        self._dirty: dict[str, int] = {}
        self._moves = Moves(clock)
        self._order = 0
        self._changed = threading.Condition(threading.Lock())
        self._waiting = False
        self._scopes = frozenset(scopes)
        self.taken_since = 0  # when the oldest of the changes last taken was read, in milliseconds
        self._synced: set[str] = set()
        self._denied: set[str] = set()
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

    def differences(self, scope: str, parts: Iterable[Part]) -> int:
        """Count the parts of a scope in which this list is not what is held."""
        listed = {(part.namespace, part.name): part for part in parts if self._takes(part)}
        with self._changed:
            held = {
                key: held.part for key, held in self._parts.items() if not scope or key[0] == scope
            }
        return sum(listed.get(key) != held.get(key) for key in listed.keys() | held.keys())

    def replace(self, scope: str, parts: Iterable[Part], *, at: int = 0) -> None:
        """Take a complete list of a scope: a namespace, or all of them if empty. `at` is when it
        was read, in milliseconds since the epoch; so for `put` and `drop`."""
        with self._changed:
            listed = {(part.namespace, part.name): part for part in parts if self._takes(part)}
            for key in [key for key in self._parts if not scope or key[0] == scope]:
                if key not in listed:
                    self._drop(key, at)
            for part in listed.values():
                self._put(part, at)
            self._moves.forget()  # a list has no halves
            self._synced.add(scope)
            # With the last scope's list everything is judged, also what no scope covers any more.
            everything = self._synced >= self._scopes
            for name in list(self._inherited):
                if everything or _inside(name, scope):
                    del self._inherited[name]
                    self._dirty.setdefault(name, at)
            self._changed.notify_all()

    def put(self, part: Part, *, at: int = 0) -> None:
        with self._changed:
            if self._takes(part):
                held = self._parts.get((part.namespace, part.name))
                before = held.part if held else None
                if self._put(part, at):
                    self._settle(before, part)
                    self._tell()

    def drop(self, namespace: str, name: str, *, at: int = 0) -> None:
        with self._changed:
            before = self._drop((namespace, name), at)
            if before is not None:
                self._settle(before, None)
                self._tell()

    @property
    def size(self) -> int:
        """How many objects are held."""
        return len(self._parts)

    def wait(self, timeout: float) -> bool:
        """Wait for something to publish, or for `wake`; True if there is something. One thread
        waits."""
        with self._changed:
            if not self._ready():
                self._waiting = True
                self._changed.wait(min(timeout, self._moves.left))
                self._waiting = False
            return self._ready()

    def wake(self) -> None:
        """End a `wait` early: the one who waits has something else to look at."""
        with self._changed:
            self._changed.notify_all()

    def take(self) -> dict[str, Service | None]:
        """Hand out the present state of every service that changed since the last call and is not
        held back; None: it does not exist. States carry in `observed_at` when the oldest of these
        changes was read."""
        with self._changed:
            held = self._moves.held()
            taken = {name: at for name, at in self._dirty.items() if name not in held}
            kept = {name: at for name, at in self._dirty.items() if name in held} if held else {}
            self._dirty = kept
            self.taken_since = min(taken.values(), default=0)
            return {name: self._build(name, at) for name, at in taken.items()}

    def again(self, services: Mapping[str, Service | None]) -> None:
        """Put services back that were just taken: they could not be published."""
        with self._changed:
            for name, service in services.items():
                since = service.observed_at if service else self.taken_since
                self._dirty[name] = min(since, self._dirty.get(name, since))

    def _tell(self) -> None:
        if self._waiting:  # while the publisher publishes, nobody does
            self._changed.notify_all()

    def _ready(self) -> bool:
        held = self._moves.held()
        return any(name not in held for name in self._dirty) if held else bool(self._dirty)

    def _settle(self, before: Part | None, after: Part | None) -> None:
        """Hold a service back if this change takes an address from it that another slice may be
        about to get."""
        part = after or before
        if part is None:
            return
        service = keys.service(part.namespace, part.service)
        siblings = [
            self._parts[key].part
            for key in self._services.get(service, ())
            if key != (part.namespace, part.name)
        ]
        self._moves.note(service, before, after, siblings)

    def deny(self, scope: str) -> None:
        """The cluster refuses to list this scope: nobody waits for it."""
        with self._changed:
            self._denied.add(scope)
            self._changed.notify_all()

    @property
    def complete(self) -> bool:
        """Whether a complete list of every scope has come, or is refused."""
        return self._synced | self._denied >= self._scopes

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

    def _put(self, part: Part, at: int) -> bool:
        """Tell whether it says anything new."""
        key = (part.namespace, part.name)
        held = self._parts.get(key)
        if held is not None:
            if held.part == part:
                return False
            if held.part.service != part.service:
                self._drop(key, at)  # relabelled: it leaves its old service
                held = None
        service = keys.service(part.namespace, part.service)
        self._order += 1
        if held is not None:
            self._count(service, held.part, part)
            held.part, held.order = part, self._order
        else:
            self._count(service, None, part)
            self._parts[key] = _Held(part, self._order)
            self._services.setdefault(service, set()).add(key)
        self._dirty.setdefault(service, at)
        return True

    def _count(self, service: str, before: Part | None, after: Part | None) -> None:
        """Keep count of what is left out; most parts leave nothing out."""
        if before is not None and before.refused:
            self._refused.subtract(before.refused)
        if after is not None and after.refused:
            self._refused.update(after.refused)
        if after is not None and after.truncated:
            self._truncated.add(service)
        elif before is not None and before.truncated:
            self._truncated.discard(service)

    def _drop(self, key: PartKey, at: int) -> Part | None:
        held = self._parts.pop(key, None)
        if held is None:
            return None
        service = keys.service(held.part.namespace, held.part.service)
        self._count(service, held.part, None)
        of_service = self._services[service]
        of_service.discard(key)
        if not of_service:
            del self._services[service]
        self._dirty.setdefault(service, at)
        return held.part

    def _build(self, name: str, at: int) -> Service | None:
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
            observed_at=at,
        )

    def _families(self, held: list[_Held]) -> tuple[int, ...]:
        """A dual-stack service has every pod twice; one family is enough."""
        if self._family == "ipv4":
            return (0, 4)
        if self._family == "ipv6":
            return (0, 6)
        has_ipv4 = any(one.part.family == 4 and one.part.subsets for one in held)
        return (0, 4) if has_ipv4 else (0, 4, 6)


def _inside(name: str, scope: str) -> bool:
    return not scope or name.startswith(f"{scope}/")
