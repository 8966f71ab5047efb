"""The compiler: what a team published, joined with what registries discovered. Pure.

`Plan` holds the published applications of one control plane as plain values and knows which
upstream uses which service, so that a changed service costs the upstreams that use it and nothing
else. It is told of changes (`put_application`, `drop_application`, `put_service`) and gives the
resources that they changed (`take`); it reads nothing and writes nothing.

An upstream whose registry has never been read keeps the nodes it had: not knowing is no reason to
send nobody anywhere. A service that is absent or empty in a registry that *is* known gives no
nodes, and the gateway answers 503.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from applications import nodes
from applications.specs import ApiSpec, ApplicationSpec, MemberSpec, UpstreamSpec
from console.contract import keys, wire

# A service within a control plane: registry id and state key of its feed.
ServiceName = tuple[str, str]


class Plan:
    def __init__(self) -> None:
        self._applications: dict[str, ApplicationSpec] = {}
        self._services: dict[ServiceName, wire.Service] = {}
        self._known: set[str] = set()
        self._upstreams: dict[str, UpstreamSpec] = {}
        self._users: dict[ServiceName, set[str]] = {}
        self._compiled: dict[str, wire.Resource] = {}
        self._dirty_upstreams: set[str] = set()
        self._changed: dict[str, wire.Resource | None] = {}

    def inherit(self, resources: Mapping[str, wire.Resource]) -> None:
        """Take what is published already: it stays until something says otherwise."""
        self._compiled = dict(resources)

    def registries(self) -> frozenset[str]:
        """The registries whose services are used."""
        return frozenset(registry for registry, _ in self._users)

    def services(self) -> frozenset[ServiceName]:
        """The services that are used."""
        return frozenset(self._users)

    def forget(self, registry_id: str) -> None:
        """Tell that a registry is not followed any more: nothing is known of it."""
        self._known.discard(registry_id)

    def uses(self, service: ServiceName) -> bool:
        return service in self._users

    def put_application(self, spec: ApplicationSpec) -> None:
        """Take an application, new or changed. What it had before and has no more is removed."""
        old = self._applications.get(spec.id)
        before = set(self._owned(old))
        self._forget(old)
        self._applications[spec.id] = spec
        for upstream in self._upstreams_of(spec):
            self._upstreams[upstream.id] = upstream
            for service in upstream.services():
                self._users.setdefault(service, set()).add(upstream.id)
            self._dirty_upstreams.add(upstream.id)
        for api in spec.apis:
            self._set(keys.route(api.id), route(spec, api))
        for key in before - set(self._owned(spec)):
            self._set(key, None)
        self._drop_unused(old)

    def drop_application(self, application_id: str) -> None:
        spec = self._applications.pop(application_id, None)
        self._forget(spec)
        self._drop_unused(spec)
        for key in self._owned(spec):
            self._set(key, None)

    def drop_strangers(self) -> None:
        """Remove what was inherited and belongs to no application; call it once all are in."""
        owned = {key for spec in self._applications.values() for key in self._owned(spec)}
        for key in self._compiled.keys() - owned:
            self._set(key, None)

    def know(self, registry_id: str) -> None:
        """Tell that a registry's services are all in: from now on absent means absent."""
        if registry_id in self._known:
            return
        self._known.add(registry_id)
        for (registry, _), users in self._users.items():
            if registry == registry_id:
                self._dirty_upstreams |= users

    def put_service(self, service: ServiceName, state: wire.Service | None) -> None:
        """Take a service's state; None: it does not exist. One that nobody uses is not kept."""
        if not self.uses(service):
            self._services.pop(service, None)
            return
        if state is None:
            self._services.pop(service, None)
        else:
            self._services[service] = state
        self._dirty_upstreams |= self._users[service]

    def take(self) -> dict[str, wire.Resource | None]:
        """Compile what is affected and return the resources that changed; None: removed."""
        for upstream_id in self._dirty_upstreams:
            spec = self._upstreams.get(upstream_id)
            if spec is not None:
                self._set(keys.upstream(upstream_id), self._upstream(spec))
        self._dirty_upstreams.clear()
        changed, self._changed = self._changed, {}
        return changed

    def _upstream(self, spec: UpstreamSpec) -> wire.Upstream:
        before = self._compiled.get(keys.upstream(spec.id))
        compiled = upstream(
            spec,
            self._services,
            known=self._known,
            before=before if isinstance(before, wire.Upstream) else None,
        )
        if before is not None and before.digest == compiled.digest:
            return before if isinstance(before, wire.Upstream) else compiled
        return compiled

    def _set(self, key: str, resource: wire.Resource | None) -> None:
        before = self._compiled.get(key)
        if resource is None:
            if before is not None:
                del self._compiled[key]
                self._changed[key] = None
        elif before is None or before.digest != resource.digest:
            self._compiled[key] = resource
            self._changed[key] = resource

    def _forget(self, spec: ApplicationSpec | None) -> None:
        for upstream in self._upstreams_of(spec):
            self._upstreams.pop(upstream.id, None)
            for service in upstream.services():
                self._users[service].discard(upstream.id)

    def _drop_unused(self, spec: ApplicationSpec | None) -> None:
        """Let go of the services of an application that nobody uses now. Not before its new
        version is in: a service that stays in use is not read again."""
        for upstream in self._upstreams_of(spec):
            for service in upstream.services():
                if not self._users.get(service):
                    self._users.pop(service, None)
                    self._services.pop(service, None)

    @staticmethod
    def _upstreams_of(spec: ApplicationSpec | None) -> Iterator[UpstreamSpec]:
        """Only what a route leads to: nothing else is anybody's business."""
        if spec is not None and spec.apis:
            yield from (one for one in spec.upstreams if one.version == spec.default_version)

    @classmethod
    def _owned(cls, spec: ApplicationSpec | None) -> Iterator[str]:
        if spec is not None:
            yield from (keys.upstream(one.id) for one in cls._upstreams_of(spec))
            yield from (keys.route(api.id) for api in spec.apis)


def route(application: ApplicationSpec, api: ApiSpec) -> wire.Route:
    """The requests of one API."""
    default = next(
        one for one in application.upstreams if one.version == application.default_version
    )
    prefix = application.path_prefix
    compiled = wire.Route(
        id=api.id,
        name=f"{application.name}/{api.name}",
        upstream=default.id,
        hosts=application.hosts,
        paths=tuple(
            sorted(
                (
                    wire.Path(path=join(prefix, path), exact=kind == "exact")
                    for path, kind in api.paths
                ),
                key=lambda path: (path.path, path.exact),
            )
        ),
        methods=tuple(sorted(api.methods)),
        strip_prefix=prefix if api.strip_path_prefix and prefix != "/" else "",
        rewrite_host=default.host if default.host_mode == "rewrite" else "",
        retries=default.retries,
        websocket=api.websocket,
        expressions=api.expressions,
        match_any=api.match_any,
        redirect_https=application.protocols == ("https",),
        # The same plugin on the API stands for the one on the application.
        plugins={**application.plugins, **api.plugins},
    )
    return msgspec.structs.replace(compiled, digest=wire.digest(compiled))


def upstream(
    spec: UpstreamSpec,
    services: Mapping[ServiceName, wire.Service],
    *,
    known: Iterable[str],
    before: wire.Upstream | None,
) -> wire.Upstream:
    """One version's nodes, sorted and without doubles: of equal addresses the first member's."""
    found: dict[tuple[str, int], wire.Node] = {}
    observed = 0
    known = frozenset(known)
    for member in spec.members:
        if member.registry and member.registry not in known:
            if before is not None:
                return _with_nodes(spec, before.nodes, before.observed_at)
            continue
        for node in _nodes_of(member, services):
            found.setdefault((node.host, node.port), node)
        state = services.get(member.name)
        observed = max(observed, state.observed_at if state else 0)
    return _with_nodes(spec, tuple(found[key] for key in sorted(found)), observed)


def join(prefix: str, path: str) -> str:
    """Put a path below a prefix with exactly one slash between: ``/shop`` + ``/cart``."""
    return f"{prefix.rstrip('/')}{path}" if path != "/" else prefix


def _nodes_of(
    member: MemberSpec, services: Mapping[ServiceName, wire.Service]
) -> Iterable[wire.Node]:
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
    compiled = wire.Upstream(
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
    return msgspec.structs.replace(compiled, digest=wire.digest(compiled))
