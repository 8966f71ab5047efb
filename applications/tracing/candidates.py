"""Every route of a control plane: those that gateways are told of, and those that they could be."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from applications import compiled
from applications.compiler import routes
from applications.models import Api, Application, Upstream
from applications.specs import ApiSpec, ApplicationSpec, UpstreamSpec
from console.contract import wire
from console.redis import RedisError


class State(StrEnum):
    """Whether gateways are told of a route, or why not."""

    TOLD = "told"
    GONE = "gone"  # told, though its row is deleted: for a moment
    DRAFT_API = "draft_api"
    DRAFT_APPLICATION = "draft_application"
    NOT_COMPILED = "not_compiled"  # published, and the compiler has not come to it
    NOWHERE = "nowhere"  # the application's default version does not exist
    UNKNOWN = "unknown"  # published; Redis does not answer


# In these states gateways have the route, as far as is known.
LIVE = frozenset({State.TOLD, State.GONE, State.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A route with the names of its rows. `api_id` and `application_id` are None of a row that is
    gone."""

    route: wire.Route
    state: State
    api: str
    application: str
    api_id: uuid.UUID | None = None
    application_id: uuid.UUID | None = None


class _Api(NamedTuple):
    pk: uuid.UUID
    name: str
    published: bool
    application_id: uuid.UUID


class _Matching(NamedTuple):
    """What decides whether an API's route fits a request."""

    pk: uuid.UUID
    paths: list[dict[str, str]]
    methods: list[str]
    expressions: list[dict[str, Any]]
    match_any: bool


class _Application(NamedTuple):
    pk: uuid.UUID
    name: str
    published: bool
    hosts: list[str]
    path_prefix: str
    protocols: list[str]
    default_version: str


def of(control_plane_id: uuid.UUID) -> list[Candidate]:
    """Four queries and one look into Redis, however many there are."""
    try:
        told: dict[str, wire.Route] | None = compiled.routes(str(control_plane_id))
    except RedisError:
        told = None
    return list(_candidates(control_plane_id, told))


def _candidates(plane: uuid.UUID, told: dict[str, wire.Route] | None) -> Iterator[Candidate]:
    owners = Application.objects.filter(control_plane=plane).order_by()
    applications = {row[0]: _Application(*row) for row in owners.values_list(*_Application._fields)}
    defaults = _defaults(plane, applications)
    rows = Api.objects.filter(application__control_plane=plane).order_by("name")
    apis = [_Api(*row) for row in rows.values_list(*_Api._fields)]
    left = dict(told or {})
    routes_of = {api.pk: left.pop(str(api.pk), None) for api in apis}
    untold = [pk for pk, route in routes_of.items() if route is None]
    matching = {
        row[0]: _Matching(*row)
        for row in Api.objects.filter(pk__in=untold).values_list(*_Matching._fields)
    }
    for api in apis:
        application, route = applications.get(api.application_id), routes_of[api.pk]
        if application is None or (route is None and api.pk not in matching):
            continue  # made or gone between the queries
        default = defaults.get(application.pk)
        yield Candidate(
            route=route or _compile(api, matching[api.pk], application, default),
            state=State.TOLD
            if route
            else _state(api, application, default, known=told is not None),
            api=api.name,
            application=application.name,
            api_id=api.pk,
            application_id=application.pk,
        )
    for route in left.values():
        application_name, _slash, api_name = route.name.partition("/")
        yield Candidate(route, State.GONE, api_name, application_name)


def _defaults(
    plane: uuid.UUID, applications: dict[uuid.UUID, _Application]
) -> dict[uuid.UUID, uuid.UUID]:
    """The default upstream of each application that has one."""
    rows = Upstream.objects.filter(application__control_plane=plane).order_by()
    return {
        owner: pk
        for pk, owner, version in rows.values_list("pk", "application_id", "version")
        if owner in applications and applications[owner].default_version == version
    }


def _state(
    api: _Api, application: _Application, default: uuid.UUID | None, *, known: bool
) -> State:
    if not application.published:
        return State.DRAFT_APPLICATION
    if not api.published:
        return State.DRAFT_API
    if default is None:
        return State.NOWHERE
    return State.NOT_COMPILED if known else State.UNKNOWN


def _compile(
    api: _Api, matching: _Matching, application: _Application, default: uuid.UUID | None
) -> wire.Route:
    """The route as the compiler would make it, as far as it decides which requests it takes."""
    version = application.default_version
    return routes.route(
        ApplicationSpec(
            id=str(application.pk),
            name=application.name,
            revision=0,
            default_version=version,
            upstreams=(
                UpstreamSpec(id=str(default or ""), name=version, version=version, members=()),
            ),
            hosts=tuple(application.hosts),
            path_prefix=application.path_prefix,
            protocols=tuple(application.protocols),
        ),
        ApiSpec(
            id=str(api.pk),
            name=api.name,
            paths=tuple((one["path"], one["type"]) for one in matching.paths),
            methods=tuple(matching.methods),
            expressions=tuple(
                msgspec.convert(one, wire.Expression) for one in matching.expressions
            ),
            match_any=matching.match_any,
        ),
    )
