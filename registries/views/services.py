"""One service: its nodes as they are now, who follows it, and what they did lately."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render

from console.contract import keys, wire
from console.redis import RedisError
from console.ui.lists import Column, Listed, export, in_order, sort_of
from console.ui.pages import page
from registries import catalogue, chronicle
from registries.chronicle import Move
from registries.filters import NodeFilterForm
from registries.models import Registry

from .details import users_of
from .registries import rows_of

_MOVES = 8


@dataclass(frozen=True, slots=True)
class Node:
    """An endpoint with the ports of its subset; `since` is in milliseconds, 0: for longer than is
    recorded."""

    endpoint: wire.Endpoint
    ports: tuple[wire.Port, ...]
    since: int

    @property
    def state(self) -> str:
        if self.endpoint.terminating:
            return "terminating"
        return "ready" if self.endpoint.ready else "unready"


_STATES = ("unready", "terminating", "ready")  # what needs looking after comes first

SORTS: Mapping[str, Callable[[Node], Any]] = {
    "address": lambda node: _address(node.endpoint.address),
    "state": lambda node: _STATES.index(node.state),
    "since": lambda node: node.since,
    "zone": lambda node: node.endpoint.zone,
    "node": lambda node: node.endpoint.node,
    "pod": lambda node: node.endpoint.pod,
}

COLUMNS: tuple[Column[Node], ...] = (
    Column("address", lambda node: node.endpoint.address),
    Column("state", lambda node: node.state),
    Column("serving", lambda node: node.endpoint.serving),
    Column("since", lambda node: _moment(node.since)),
    Column("ports", lambda node: [f"{one.name} {one.port}".strip() for one in node.ports]),
    Column("zone", lambda node: node.endpoint.zone),
    Column("node", lambda node: node.endpoint.node),
    Column("pod", lambda node: node.endpoint.pod),
)


@page()
def service_detail(request: HttpRequest, pk: str, namespace: str, name: str) -> HttpResponseBase:
    """One service with its nodes. A name that is not known is no error: services come and go while
    people look at them."""
    registry = get_object_or_404(rows_of(request), pk=pk)
    form = NodeFilterForm(request.GET)
    key = keys.service(namespace, name)
    look = _look(request, registry, namespace, name, state=form.criteria()["state"])
    # Not knowing any nodes is not knowing that there are none.
    if look["known"] and (answer := export(request, look["fitting"], COLUMNS, name="nodes")):
        return answer
    context: dict[str, Any] = {
        "registry": registry,
        "namespace": namespace,
        "name": name,
        "form": form,
        "users": users_of(registry, [(namespace, name)]).get(key, []),
        "activity": urlencode({"registry": str(registry.pk), "service": key}),
        "topic": f"service:{registry.pk}/{key}" if " " not in key else "",
        **look,
    }
    live = request.headers.get("HX-Request")
    template = "registries/_service_live.html" if live else "registries/service_detail.html"
    status = 503 if "format" in request.GET else 200
    answered: HttpResponse = render(request, template, context, status=status)
    return answered


def _look(
    request: HttpRequest, registry: Registry, namespace: str, name: str, *, state: str
) -> dict[str, Any]:
    """Three looks into Redis. `fitting` are all nodes that the filter leaves."""
    registry_id = str(registry.pk)
    try:
        service = catalogue.get(registry_id, namespace, name)
        since = chronicle.since(registry_id, namespace, name)
        moves = _moves(registry_id, keys.service(namespace, name))
    except RedisError:
        return {"known": False}
    nodes = list(_nodes(service, since)) if service else []
    sort = sort_of(request, SORTS, default="address")
    fitting = in_order([one for one in nodes if state in ("", one.state)], SORTS, sort)
    listing = Listed(request, fitting, sort=sort)
    return {
        "known": True,
        "service": service,
        "fitting": fitting,
        "listing": listing,
        "page": listing.page,
        "ready": sum(one.state == "ready" for one in nodes),
        "total": len(nodes),
        "several": service is not None and len(service.subsets) > 1,
        "moves": moves,
    }


def _nodes(service: wire.Service, since: dict[str, int]) -> Iterator[Node]:
    for subset in service.subsets:
        for endpoint in subset.endpoints:
            yield Node(endpoint, subset.ports, since.get(endpoint.address, 0))


def _moves(registry_id: str, key: str) -> list[tuple[Move, str]]:
    found = chronicle.recent([registry_id], service=key, limit=_MOVES)
    return [(move, chronicle.cause(move)) for move in found]


def _address(text: str) -> tuple[int, int, str]:
    """Addresses by their numbers: 10.0.0.9 before 10.0.0.10. A cluster may write other things
    there, which come last."""
    try:
        found = ip_address(text)
    except ValueError:
        return 9, 0, text
    return found.version, int(found), text


def _moment(millis: int) -> str | None:
    return datetime.fromtimestamp(millis / 1000, UTC).isoformat() if millis else None
