"""All that Envoys of a control plane are given, kept up to date by what changed.

An upstream is a cluster and an assignment; all routes together are one RouteConfiguration, made of
virtual hosts. The book remembers what each resource became and which route leads to which upstream,
so that a change of nodes renders one assignment and nothing else.

A resource that Envoy cannot have is named, and keeps the last form that Envoy could have. If Envoy
refuses all routes after all, because of one that should not have got through, half of the suspects
are held back, and so on until the one is found (`confirm`, `refuse`).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from console.contract import keys
from console.contract.wire import Resource, Route, Upstream

from . import api, clusters, hosts, routes
from .errors import Unsupported
from .listener import ROUTES
from .routes import Piece, Traits


@dataclass(frozen=True, slots=True)
class Named:
    """One resource of Envoy's. `version` names the bytes, whoever renders them. `observed_at`: when
    what led to it was seen, in ms; 0: unknown. `apart`: a cluster whose nodes come by an
    assignment of the same name."""

    name: str
    version: str
    body: bytes
    observed_at: int = 0
    apart: bool = False


def named(name: str, body: bytes, *, observed_at: int = 0, apart: bool = False) -> Named:
    version = hashlib.blake2b(body, digest_size=8).hexdigest()
    return Named(name, version, body, observed_at, apart)


# Type → name → what it is now; None: it is gone.
Turned = dict[str, dict[str, Named | None]]


@dataclass(slots=True)
class _Held:
    """What the book knows of an upstream. `shape`: all but its nodes and times."""

    shape: bytes
    nodes: bytes
    traits: Traits
    cluster: Named
    assignment: Named | None


@dataclass(slots=True)
class Book:
    """`rendered` counts what was rendered, by kind."""

    refused: dict[str, str] = field(default_factory=dict)
    rendered: Counter[str] = field(default_factory=Counter)
    _upstreams: dict[str, _Held] = field(default_factory=dict)
    _routes: dict[str, Route] = field(default_factory=dict)
    _pieces: dict[str, list[Piece]] = field(default_factory=dict)
    _leading: dict[str, set[str]] = field(default_factory=dict)  # upstream's key → routes' keys
    _by_host: dict[str, set[str]] = field(default_factory=dict)  # pattern → routes' keys
    _below: dict[str, set[str]] = field(default_factory=dict)  # pattern → hosts related to it
    _hosts: dict[str, bytes] = field(default_factory=dict)
    _configuration: Named | None = None
    _proven: dict[str, list[Piece]] = field(default_factory=dict)  # of suspects, as confirmed last
    _suspects: dict[str, list[Piece]] = field(default_factory=dict)  # since then
    _held_back: list[dict[str, list[Piece]]] = field(default_factory=list)
    _confirmed: str = ""  # the version that an Envoy took last
    banned: dict[str, str] = field(default_factory=dict)  # route's key → Envoy's reason

    @property
    def resources(self) -> int:
        return len(self._upstreams) + len(self._pieces)

    def current(self) -> dict[str, dict[str, Named]]:
        """Everything, by type and name."""
        held = self._upstreams.values()
        assigned = [one.assignment for one in held if one.assignment]
        return {
            api.CLUSTERS: {one.cluster.name: one.cluster for one in held},
            api.ASSIGNMENTS: {one.name: one for one in assigned},
            api.ROUTES: {ROUTES: self._configuration} if self._configuration else {},
        }

    def replace(self, resources: Mapping[str, Resource]) -> Turned:
        """Make the book hold exactly these."""
        gone = (self._upstreams.keys() | self._routes.keys()) - resources.keys()
        return self.apply({**dict.fromkeys(gone), **resources})

    def apply(self, changes: Mapping[str, Resource | None]) -> Turned:
        """Take changes; return what Envoys have to be told."""
        turned: Turned = {api.CLUSTERS: {}, api.ASSIGNMENTS: {}, api.ROUTES: {}}
        again: set[str] = set()
        touched: set[str] = set()
        for key, resource in changes.items():
            if isinstance(resource, Route):
                self._leave(key)
                self._routes[key] = resource
                again.add(key)
            elif isinstance(resource, Upstream):
                if self._take(key, resource, turned):
                    again |= self._leading.get(key, set())
            elif key in self._upstreams:
                self._drop(key, turned)
                again |= self._leading.get(key, set())
            elif key in self._routes:
                touched |= self._forget(key)
            else:
                self.refused.pop(key, None)
        for key in again & self._routes.keys():
            touched |= self._render(key)
        if touched or self._configuration is None:
            self._bind(touched, turned)
        return turned

    def _take(self, key: str, upstream: Upstream, turned: Turned) -> bool:
        """Take an upstream; tell whether routes to it have to be rendered again."""
        held = self._upstreams.get(key)
        shape, nodes = _shape(upstream), msgspec.json.encode(upstream.nodes)
        if held and (held.shape, held.nodes) == (shape, nodes):
            self.refused.pop(key, None)
            return False
        try:
            made = self._rendered(upstream, held, shape, nodes)
        except (Unsupported, ValueError, TypeError) as error:
            self.refused[key] = f"{upstream.name}: {error}"
            return False
        self.refused.pop(key, None)
        self._upstreams[key] = made
        if held is None or held.cluster.version != made.cluster.version:
            turned[api.CLUSTERS][made.cluster.name] = made.cluster
        if made.assignment and (
            held is None
            or held.assignment is None
            or held.assignment.version != made.assignment.version
        ):
            turned[api.ASSIGNMENTS][made.assignment.name] = made.assignment
        elif held and held.assignment and not made.assignment:
            turned[api.ASSIGNMENTS][held.assignment.name] = None
        return held is None or held.traits != made.traits

    def _rendered(
        self, upstream: Upstream, held: _Held | None, shape: bytes, nodes: bytes
    ) -> _Held:
        by_name = clusters.by_name(upstream)
        cluster = held.cluster if held else None
        if cluster is None or held is None or held.shape != shape or by_name or not cluster.apart:
            self.rendered["cluster"] += 1
            cluster = named(
                clusters.name(upstream.id), api.body(clusters.cluster(upstream)), apart=not by_name
            )
        assignment = None
        if not by_name:
            self.rendered["assignment"] += 1
            assignment = named(
                clusters.name(upstream.id),
                api.body(clusters.assignment(upstream)),
                observed_at=upstream.observed_at,
            )
        return _Held(shape, nodes, routes.traits(upstream), cluster, assignment)

    def _drop(self, key: str, turned: Turned) -> None:
        held = self._upstreams.pop(key)
        self.refused.pop(key, None)
        turned[api.CLUSTERS][held.cluster.name] = None
        if held.assignment:
            turned[api.ASSIGNMENTS][held.assignment.name] = None

    def _render(self, key: str) -> set[str]:
        """Render a route; the patterns whose virtual hosts change."""
        route = self._routes[key]
        upstream = self._upstreams.get(keys.upstream(route.upstream))
        self.rendered["route"] += 1
        try:
            made = routes.pieces(route, upstream.traits if upstream else Traits())
        except (Unsupported, ValueError, TypeError) as error:
            self.refused[key] = f"{route.name}: {error}"
            made = self._pieces.get(key, [])
        else:
            self.refused.pop(key, None)
        for group in self._held_back:
            group.pop(key, None)
        self.banned.pop(key, None)
        self._suspect(key, made)
        # Also of a route that is refused: with another upstream it may be accepted.
        self._leading.setdefault(keys.upstream(route.upstream), set()).add(key)
        return self._link(key, made)

    def _suspect(self, key: str, made: list[Piece]) -> None:
        self._proven.setdefault(key, self._pieces.get(key, []))
        self._suspects[key] = made

    def confirm(self, version: str) -> Turned:
        """An Envoy has taken the routes of this version. What was held back gets its turn."""
        if self._configuration is None or self._configuration.version != version:
            return {}
        self._confirmed = version
        self._proven.clear()
        self._suspects.clear()
        group: dict[str, list[Piece]] = {}
        while self._held_back and not group:
            group = self._held_back.pop()
        return self._put(group, suspected=True)

    def refuse(self, version: str, reason: str) -> Turned:
        """An Envoy has refused the routes of this version."""
        if self._configuration is None or self._configuration.version != version:
            return {}
        suspects = dict(self._suspects)
        if not suspects:
            return {}  # Envoys that took the same routes disagree: nothing of ours would help
        blamed = self._blamed(list(suspects))
        if len(suspects) == 1:
            name = self._routes[blamed[0]].name
            self.banned[blamed[0]] = f"{name}: Envoy refuses it: {reason}"
        else:
            self._held_back.append({key: suspects[key] for key in blamed})
        for key in blamed:
            del self._suspects[key]
        turned = self._put({key: self._proven.pop(key, []) for key in blamed})
        if self._configuration.version == self._confirmed:
            # As it was before: Envoys have it, and will not say so again.
            turned[api.ROUTES] |= self.confirm(self._confirmed).get(api.ROUTES, {})
        return turned

    def _blamed(self, suspects: list[str]) -> list[str]:
        """Whom to hold back. What people wrote for Envoy's engine to read comes first: after a
        start all routes are suspects, and the others must not be missed for it."""
        odd = [
            key
            for key in suspects
            if any(one.operator.startswith("regex") for one in self._routes[key].expressions)
        ]
        if 0 < len(odd) < len(suspects):
            return odd
        return suspects[len(suspects) // 2 :]

    def _put(self, group: Mapping[str, list[Piece]], *, suspected: bool = False) -> Turned:
        """Give routes these pieces, then bind."""
        touched: set[str] = set()
        for key, made in group.items():
            if suspected:
                self._suspect(key, made)
            touched |= self._link(key, made)
        turned: Turned = {api.ROUTES: {}}
        if touched:
            self._bind(touched, turned)
        return turned

    def _link(self, key: str, made: list[Piece]) -> set[str]:
        """Let a route have these pieces; the patterns whose virtual hosts change."""
        touched = self._unlink(key)
        if made:
            self._pieces[key] = made
        for piece in made:
            self._by_host.setdefault(piece.host, set()).add(key)
        return touched | {piece.host for piece in made}

    def _forget(self, key: str) -> set[str]:
        self._leave(key)
        for held in (self.refused, self.banned, self._proven, self._suspects, *self._held_back):
            held.pop(key, None)  # type: ignore[attr-defined]
        del self._routes[key]
        return self._unlink(key)

    def _leave(self, key: str) -> None:
        """Forget which upstream a route leads to."""
        if key in self._routes:
            upstream = keys.upstream(self._routes[key].upstream)
            self._leading[upstream].discard(key)
            if not self._leading[upstream]:
                del self._leading[upstream]

    def _unlink(self, key: str) -> set[str]:
        """Take a route out of the index of hosts; the patterns that had it."""
        had = {piece.host for piece in self._pieces.pop(key, ())}
        for host in had:
            self._by_host[host].discard(key)
        return had

    def _bind(self, touched: Iterable[str], turned: Turned) -> None:
        """Make the virtual hosts anew that have routes of these patterns, then the whole."""
        affected: set[str] = set()
        for pattern in touched:
            if self._by_host.get(pattern):
                for one in hosts.relatives(pattern):
                    self._below.setdefault(one, set()).add(pattern)
            affected |= self._below.get(pattern, set()) | {pattern}
        for host in affected:
            if self._by_host.get(host):
                self.rendered["host"] += 1
                related = {
                    key for one in hosts.relatives(host) for key in self._by_host.get(one, ())
                }
                self._hosts[host] = hosts.virtual_host(
                    host, ((key, self._pieces[key]) for key in related)
                )
                continue
            self._by_host.pop(host, None)
            self._hosts.pop(host, None)
            for one in hosts.relatives(host):
                self._below.get(one, set()).discard(host)
        bound = hosts.configuration(ROUTES, (self._hosts[one] for one in sorted(self._hosts)))
        made = named(ROUTES, bound)
        if self._configuration is None or self._configuration.version != made.version:
            self._configuration = made
            turned[api.ROUTES][ROUTES] = made


def _shape(upstream: Upstream) -> bytes:
    """What the cluster and the routes to it are made of, and whether nodes have names."""
    bare = msgspec.structs.replace(
        upstream,
        nodes=(),
        kept_since=0,
        kept_until=0,
        origins=(),
        digest="",
        observed_at=0,
    )
    return msgspec.json.encode(bare, order="sorted")
