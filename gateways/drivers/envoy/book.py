"""All that Envoys of a control plane are given, kept up to date by what changed.

An upstream is a cluster and an assignment; all routes together are one `Table`. The book remembers
what each resource became, so that a change of nodes renders one assignment and nothing else.

A resource that Envoy cannot have is named, and keeps the last form that Envoy could have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from console.contract.wire import Resource, Route, Upstream
from gateways.drivers.reasons import UNRENDERED, reason

from . import api, clusters, routes
from .listener import ROUTES
from .named import Named, named
from .routes import Traits
from .table import Table

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


class Book:
    """`rendered` counts what was rendered, by kind."""

    def __init__(self) -> None:
        self.rendered: Counter[str] = Counter()
        self._refused: dict[str, str] = {}
        self._upstreams: dict[str, _Held] = {}
        self._table = Table(self._traits, self.rendered)

    @property
    def resources(self) -> int:
        return len(self._upstreams) + len(self._table)

    @property
    def refused(self) -> dict[str, str]:
        """Resources that Envoy cannot have → why."""
        return {**self._refused, **self._table.refused}

    @property
    def banned(self) -> dict[str, str]:
        """Routes that an Envoy refused → why."""
        return self._table.banned

    def current(self) -> dict[str, dict[str, Named]]:
        """Everything, by type and name."""
        held = self._upstreams.values()
        assigned = [one.assignment for one in held if one.assignment]
        bound = self._table.configuration
        return {
            api.CLUSTERS: {one.cluster.name: one.cluster for one in held},
            api.ASSIGNMENTS: {one.name: one for one in assigned},
            api.ROUTES: {ROUTES: bound} if bound else {},
        }

    def replace(self, resources: Mapping[str, Resource]) -> Turned:
        """Make the book hold exactly these."""
        gone = (self._upstreams.keys() | self._table.keys()) - resources.keys()
        return self.apply({**dict.fromkeys(gone), **resources})

    def apply(self, changes: Mapping[str, Resource | None]) -> Turned:
        """Take changes; return what Envoys have to be told."""
        turned: Turned = {api.CLUSTERS: {}, api.ASSIGNMENTS: {}}
        again: set[str] = set()
        for key, resource in changes.items():
            if isinstance(resource, Route):
                self._table.put(key, resource)
                again.add(key)
            elif isinstance(resource, Upstream):
                if self._take(key, resource, turned):
                    again |= self._table.leading_to(key)
            elif key in self._table:
                self._table.drop(key)
            else:
                self._drop(key, turned)
                again |= self._table.leading_to(key)
        for key in again:
            if key in self._table:
                self._table.render(key)
        turned[api.ROUTES] = self._table.bind()
        return turned

    def routes_taken(self, version: str) -> Turned:
        """An Envoy took the routes of this version."""
        return {api.ROUTES: self._table.confirm(version)}

    def routes_refused(self, version: str, reason: str) -> Turned:
        """An Envoy refused the routes of this version."""
        return {api.ROUTES: self._table.refuse(version, reason)}

    def _traits(self, key: str) -> Traits:
        held = self._upstreams.get(key)
        return held.traits if held else Traits()

    def _take(self, key: str, upstream: Upstream, turned: Turned) -> bool:
        """Take an upstream; tell whether routes to it have to be rendered again."""
        held = self._upstreams.get(key)
        shape = _shape(upstream)
        nodes = msgspec.json.encode((upstream.nodes, upstream.leaving))
        if held and (held.shape, held.nodes) == (shape, nodes):
            self._refused.pop(key, None)
            return False
        try:
            made = self._rendered(upstream, held, shape, nodes)
        except UNRENDERED as error:
            self._refused[key] = reason(upstream.name, error)
            return False
        self._refused.pop(key, None)
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
        self._refused.pop(key, None)
        held = self._upstreams.pop(key, None)
        if held is None:
            return
        turned[api.CLUSTERS][held.cluster.name] = None
        if held.assignment:
            turned[api.ASSIGNMENTS][held.assignment.name] = None


def _shape(upstream: Upstream) -> bytes:
    """What the cluster and the routes to it are made of, and whether nodes have names."""
    bare = msgspec.structs.replace(
        upstream,
        nodes=(),
        leaving=(),
        kept_since=0,
        kept_until=0,
        origins=(),
        digest="",
        observed_at=0,
    )
    return msgspec.json.encode(bare, order="sorted")
