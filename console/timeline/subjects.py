"""What concerns one object: its own history, and that of what it is made of."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet, Value
from django.urls import reverse

from applications.models import Api, Application, Member, Upstream
from console.models import ControlPlane
from gateways.models import Gateway
from registries.models import Registry

_PAGES: dict[str, tuple[type[models.Model], str]] = {
    "registry": (Registry, "registries:registry-detail"),
    "application": (Application, "applications:application-detail"),
    "api": (Api, "applications:api-edit"),
    "gateway": (Gateway, "gateways:gateway-detail"),
}

# A service: the registry's id, namespace and name.
ServiceName = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Subject:
    """The ids of an object and of what belongs to it; the services that it uses, by registry."""

    ids: set[str]
    services: dict[str, set[str]] = field(default_factory=dict)


def find(plane: ControlPlane, object_id: str) -> Subject:
    """An application concerns its versions and APIs, and with each of its versions the services
    behind it. Three queries."""
    try:
        pk = uuid.UUID(object_id)
    except ValueError:
        return Subject({object_id})
    mine = Q(application=pk, application__control_plane=plane)
    ids = {object_id}
    ids.update(map(str, Upstream.objects.filter(mine).values_list("pk", flat=True)))
    ids.update(map(str, Api.objects.filter(mine).values_list("pk", flat=True)))
    members = Member.objects.filter(
        Q(upstream=pk) | Q(upstream__application=pk),
        upstream__application__control_plane=plane,
        kind=Member.Kind.DISCOVERY,
    )
    services: dict[str, set[str]] = defaultdict(set)
    for registry_id, namespace, name in members.values_list("registry", "namespace", "service"):
        services[str(registry_id)].add(f"{namespace}/{name}")
    return Subject(ids, dict(services))


def addresses(objects: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The pages of objects, (type, id), that still exist: by id. One query, whatever the types."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for kind, object_id in objects:
        wanted[kind].add(object_id)
    parts = [
        _places(model, wanted[kind], view=view, page="pk") for kind, (model, view) in _PAGES.items()
    ]
    versions = _places(
        Upstream,
        wanted["upstream"],
        view="applications:application-detail",
        page="application_id",
    )
    rows = versions.union(*parts, all=True)
    return {str(pk): reverse(view, args=[page]) for pk, view, page in rows}


def _places(
    model: type[models.Model], ids: Iterable[str], *, view: str, page: str
) -> QuerySet[Any, tuple[Any, str, Any]]:
    """Rows' ids, the view that shows them, and the id in its address."""
    rows = model._default_manager.filter(pk__in=list(ids)).order_by()
    return rows.values_list("pk", Value(view), page)


def users(services: Iterable[ServiceName]) -> Mapping[ServiceName, dict[str, str]]:
    """The applications that use services: the names by id. One query."""
    wanted = set(services)
    found: dict[ServiceName, dict[str, str]] = defaultdict(dict)
    if not wanted:
        return found
    rows = Member.objects.filter(
        registry__in={registry for registry, _namespace, _name in wanted},
        namespace__in={namespace for _registry, namespace, _name in wanted},
        service__in={name for _registry, _namespace, name in wanted},
    ).order_by("upstream__application__name")
    for registry, namespace, name, application, title in rows.values_list(
        "registry",
        "namespace",
        "service",
        "upstream__application",
        "upstream__application__name",
    ):
        if (service := (str(registry), namespace, name)) in wanted:
            found[service][str(application)] = title
    return found
