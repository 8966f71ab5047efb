"""One registry as it is now: its page, its services, the nodes of a service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render

from console.contract import keys
from console.redis import RedisError
from console.ui.lists import Column, Listed, export, sort_of
from console.ui.pages import page
from registries import catalogue
from registries.filters import ServiceFilterForm
from registries.index import SORTS, Entry
from registries.models import Registry

from .registries import rows_of
from .status import picture

# Up to so many services a table hears of every change of the registry; a longer one only of the
# services that it shows. Else a page of 25 lines would be drawn anew for each of 10,000 others.
_HEARS_ALL = 200

COLUMNS: tuple[Column[Entry], ...] = (
    Column("namespace", lambda one: one.namespace),
    Column("name", lambda one: one.name),
    Column("ports", lambda one: [f"{name} {port}".strip() for port, name in one.ports]),
    Column("ready", lambda one: one.ready),
    Column("nodes", lambda one: one.total),
    Column("last_change", lambda one: _moment(one.observed_at)),
)


@dataclass(frozen=True, slots=True)
class User:
    """An application that follows a service."""

    pk: str
    name: str


@page()
def registry_detail(request: HttpRequest, pk: str) -> HttpResponseBase:
    registry = get_object_or_404(rows_of(request), pk=pk)
    services = _services(request, registry)
    if answer := export(request, services.pop("found"), COLUMNS, name="services"):
        return answer
    context = {**services, **picture(request, registry)}
    live: HttpResponse = render(request, "registries/registry_detail.html", context)
    return live


@page()
def registry_services(request: HttpRequest, pk: str) -> HttpResponse:
    """The table of services on the detail page; takes the page's filters."""
    registry = get_object_or_404(rows_of(request), pk=pk)
    return render(request, "registries/_registry_services.html", _services(request, registry))


def users_of(registry: Registry, services: list[tuple[str, str]]) -> dict[str, list[User]]:
    """Which applications follow each of some services, by its key. One query."""
    wanted = {keys.service(namespace, name) for namespace, name in services}
    # Another room's rows, which point here by this name.
    rows = (
        registry.members.filter(service__in={name for _namespace, name in services})
        .order_by("upstream__application__name")
        .values_list(
            "namespace", "service", "upstream__application_id", "upstream__application__name"
        )
        .distinct()
    )
    found: dict[str, list[User]] = {}
    for namespace, name, pk, application in rows:
        key = keys.service(namespace, name)
        if key in wanted:
            found.setdefault(key, []).append(User(str(pk), application))
    return found


def _services(request: HttpRequest, registry: Registry) -> dict[str, Any]:
    """What the table shows; `found` are all services that fit."""
    registry_id = str(registry.pk)
    sort = sort_of(request, SORTS, default="namespace")
    known, namespaces, found = True, list[str](), list[Entry]()
    form = ServiceFilterForm(request.GET, namespaces=[])
    try:
        asked = request.GET.get("namespace", "")
        namespaces = sorted({*catalogue.namespaces(registry_id), asked} - {""})
        form = ServiceFilterForm(request.GET, namespaces=namespaces)
        wanted = form.criteria()
        found = catalogue.find(
            registry_id,
            namespace=wanted["namespace"],
            search=wanted["q"],
            state=wanted["state"],
            sort=sort,
        )
    except RedisError:
        known = False
    listing = Listed(request, found, sort=sort)
    shown = list(listing.page.object_list)
    users = users_of(registry, [(one.namespace, one.name) for one in shown])
    return {
        "registry": registry,
        "known": known,
        "form": form,
        "filtered": form.filtered,
        "found": found,
        "listing": listing,
        "page": listing.page,
        "lines": [(one, users.get(one.key, [])) for one in shown],
        "service_topics": _topics(registry_id, found, shown),
    }


def _topics(registry_id: str, found: list[Entry], shown: list[Entry]) -> str:
    if len(found) <= _HEARS_ALL:
        return keys.registry(registry_id)
    # A name with a blank is nobody's service, and would be two topics.
    return " ".join(f"service:{registry_id}/{one.key}" for one in shown if " " not in one.key)


def _moment(millis: int) -> str | None:
    return datetime.fromtimestamp(millis / 1000, UTC).isoformat() if millis else None
