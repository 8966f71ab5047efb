"""One registry as it is now: its page, its services, the endpoints of a service."""

from __future__ import annotations

import functools
from typing import Any, cast

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from console.contract import wire
from console.redis import RedisError
from console.ui.pages import PER_PAGE, page
from registries import catalogue
from registries.forms import ServiceFilterForm
from registries.models import Registry

from .registries import rows_of
from .status import picture


@page()
def registry_detail(request: HttpRequest, pk: str) -> HttpResponse:
    registry = get_object_or_404(rows_of(request), pk=pk)
    context = {**picture(registry), **_services(request, registry)}
    return render(request, "registries/registry_detail.html", context)


@page()
def registry_services(request: HttpRequest, pk: str) -> HttpResponse:
    """The table of services on the detail page; takes the page's filters."""
    registry = get_object_or_404(rows_of(request), pk=pk)
    return render(request, "registries/_registry_services.html", _services(request, registry))


@page()
def service_detail(request: HttpRequest, pk: str, namespace: str, name: str) -> HttpResponse:
    """One service with its endpoints. A name that is not known is no error: services come and go
    while people look at them."""
    registry = get_object_or_404(rows_of(request), pk=pk)
    context: dict[str, Any] = {"registry": registry, "namespace": namespace, "name": name}
    try:
        context["service"] = catalogue.get(str(pk), namespace, name)
        context["known"] = True
    except RedisError:
        context["known"] = False
    live = request.headers.get("HX-Request")
    template = "registries/_service_live.html" if live else "registries/service_detail.html"
    return render(request, template, context)


def _services(request: HttpRequest, registry: Registry) -> dict[str, Any]:
    namespace, search = request.GET.get("namespace", ""), request.GET.get("q", "")
    context: dict[str, Any] = {"registry": registry, "known": True}
    try:
        namespaces = catalogue.namespaces(str(registry.pk))
        context["page"] = _page(request, registry, namespace=namespace, search=search)
    except RedisError:
        namespaces, context["known"] = [], False
    offered = sorted({*namespaces, namespace} - {""})
    form = ServiceFilterForm(request.GET, namespaces=offered)
    return {**context, "form": form, "filtered": bool(namespace or search)}


def _page(
    request: HttpRequest, registry: Registry, *, namespace: str, search: str
) -> Page[wire.Service]:
    """The page of services that the address asks for, read from the feed."""
    number = request.GET.get("page", "1")
    wanted = max(1, int(number)) if number.isdecimal() and len(number) < 9 else 1
    look = functools.partial(
        catalogue.page, str(registry.pk), namespace=namespace, search=search, limit=PER_PAGE
    )
    found = look(offset=(wanted - 1) * PER_PAGE)
    paginator = Paginator(range(found.total), PER_PAGE)
    shown = paginator.get_page(wanted)
    if shown.number != wanted:
        found = look(offset=max(0, shown.start_index() - 1))
    return Page(found.services, shown.number, cast("Paginator[wire.Service]", paginator))
