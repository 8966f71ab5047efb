"""The plan: which upstream uses which service, so that a change costs what it changed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from applications.specs import ApplicationSpec, UpstreamSpec
from console.contract import keys, wire

from . import upstreams
from .deadlines import Deadlines
from .routes import route
from .upstreams import ServiceName


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
        self._deadlines = Deadlines()  # of upstreams that serve kept nodes
        self._now = 0

    def inherit(self, resources: Mapping[str, wire.Resource]) -> None:
        """Take what is published already: it stays until something says otherwise."""
        self._compiled = dict(resources)
        for resource in resources.values():
            self._await(resource)

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

    @property
    def deadline(self) -> int | None:
        """When kept nodes go next, in milliseconds since the Unix epoch: `take` has something to
        do then, even if nobody tells of a change."""
        return self._deadlines.next

    def take(self, now: int) -> dict[str, wire.Resource | None]:
        """Compile what is affected or due and return the resources that changed; None: removed.
        `now` is milliseconds since the Unix epoch."""
        if now < self._now:  # the clock was put back: no deadline means what it did
            self._dirty_upstreams |= self._deadlines.names()
        self._now = now
        self._dirty_upstreams |= self._deadlines.take(now)
        for upstream_id in self._dirty_upstreams:
            spec = self._upstreams.get(upstream_id)
            if spec is not None:
                self._set(keys.upstream(upstream_id), self._upstream(spec))
        self._dirty_upstreams.clear()
        changed, self._changed = self._changed, {}
        return changed

    def _upstream(self, spec: UpstreamSpec) -> wire.Upstream:
        before = self._compiled.get(keys.upstream(spec.id))
        compiled = upstreams.upstream(
            spec,
            self._services,
            known=self._known,
            before=before if isinstance(before, wire.Upstream) else None,
            now=self._now,
        )
        if isinstance(before, wire.Upstream) and _same(before, compiled):
            return before
        return compiled

    def _set(self, key: str, resource: wire.Resource | None) -> None:
        before = self._compiled.get(key)
        if resource is None:
            if before is not None:
                del self._compiled[key]
                self._changed[key] = None
                self._deadlines.put(before.id, 0)
        elif before is None or not _same(before, resource):
            self._compiled[key] = resource
            self._changed[key] = resource
            self._await(resource)

    def _await(self, resource: wire.Resource) -> None:
        if isinstance(resource, wire.Upstream):
            self._deadlines.put(resource.id, resource.kept_until)

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


def _same(left: wire.Resource, right: wire.Resource) -> bool:
    """Whether there is nothing to tell: the content, and what is noted of kept nodes."""
    return left.digest == right.digest and _notes(left) == _notes(right)


def _notes(resource: wire.Resource) -> object:
    if isinstance(resource, wire.Upstream):
        return (resource.kept_since, resource.kept_until, resource.origins)
    return None
