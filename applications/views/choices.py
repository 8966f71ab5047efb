"""What can be chosen for a member of an upstream: parts of the application's form.

Each takes the fields of one row of the form, named with the row's `prefix`, and answers with
options or with the nodes behind the choice. Redis being away means no suggestions; whatever is
typed is still taken.
"""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from applications import nodes, standing
from applications.models import Member
from console.contract import wire
from console.redis import RedisError
from console.ui.pages import control_plane_of, page
from registries import catalogue
from registries.models import Registry

_OFFERED = 200


@page()
def namespaces(request: HttpRequest) -> HttpResponse:
    registry = _registry(request)
    try:
        found = catalogue.namespaces(str(registry.pk)) if registry else []
    except RedisError:
        found = []
    return _options(request, [(name, "") for name in found])


@page()
def services(request: HttpRequest) -> HttpResponse:
    """Services of the namespace; those that fit what is typed come first."""
    registry, namespace = _registry(request), _value(request, "namespace")
    if registry is None or not namespace:
        return _options(request, [])
    asked = _value(request, "service")
    try:
        fitting = _names(str(registry.pk), namespace, asked) if asked else []
        others = _names(str(registry.pk), namespace, "")
    except RedisError:
        fitting, others = [], []
    return _options(request, [(name, "") for name in dict.fromkeys([*fitting, *others])])


@page()
def ports(request: HttpRequest) -> HttpResponse:
    registry = _registry(request)
    service: wire.Service | None = None
    if registry:
        try:
            service = catalogue.get(
                str(registry.pk), _value(request, "namespace"), _value(request, "service")
            )
        except RedisError:
            service = None
    if service is None:
        return _options(request, [])
    numbers: dict[str, set[str]] = {name: set() for name in nodes.offered_ports(service)}
    for subset in service.subsets:
        for port in subset.ports:
            numbers.setdefault(port.name or str(port.port), set()).add(str(port.port))
    return _options(
        request,
        [(name, ", ".join(sorted(found - {name}))) for name, found in sorted(numbers.items())],
    )


@page()
def member_nodes(request: HttpRequest) -> HttpResponse:
    """The nodes that the row as typed would bring now, or why there are none."""
    port, weight = _value(request, "port"), _value(request, "weight")
    member = Member(
        kind=_value(request, "kind") or Member.Kind.DISCOVERY,
        registry=_registry(request),
        namespace=_value(request, "namespace"),
        service=_value(request, "service"),
        service_port=_value(request, "service_port"),
        host=_value(request, "host"),
        port=int(port) if port.isdecimal() and len(port) < 6 else None,
        weight=int(weight) if weight.isdecimal() and len(weight) < 6 else 100,
    )
    [found] = standing.of_members([member])
    return render(request, "applications/_member_nodes.html", {"standing": found})


def _registry(request: HttpRequest) -> Registry | None:
    try:
        pk = uuid.UUID(_value(request, "registry"))
    except ValueError:
        return None
    return Registry.objects.filter(control_plane=control_plane_of(request), pk=pk).first()


def _value(request: HttpRequest, name: str) -> str:
    return request.GET.get(f"{request.GET.get('prefix', '')}-{name}", "").strip()


def _names(registry_id: str, namespace: str, search: str) -> list[str]:
    found = catalogue.page(registry_id, namespace=namespace, search=search, limit=_OFFERED)
    return [service.name for service in found.services]


def _options(request: HttpRequest, options: list[tuple[str, str]]) -> HttpResponse:
    return render(request, "applications/_options.html", {"options": options})
