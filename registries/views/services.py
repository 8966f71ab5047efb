"""One service: its nodes as they are now, who follows it, and what they did lately."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from console.contract import keys, wire
from console.redis import RedisError
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


@page()
def service_detail(request: HttpRequest, pk: str, namespace: str, name: str) -> HttpResponse:
    """One service with its nodes. A name that is not known is no error: services come and go while
    people look at them."""
    registry = get_object_or_404(rows_of(request), pk=pk)
    form = NodeFilterForm(request.GET)
    key = keys.service(namespace, name)
    context: dict[str, Any] = {
        "registry": registry,
        "namespace": namespace,
        "name": name,
        "form": form,
        "users": users_of(registry, [(namespace, name)]).get(key, []),
        "activity": urlencode({"registry": str(registry.pk), "service": key}),
        "topic": f"service:{registry.pk}/{key}" if " " not in key else "",
        **_look(registry, namespace, name, state=form.criteria()["state"]),
    }
    live = request.headers.get("HX-Request")
    template = "registries/_service_live.html" if live else "registries/service_detail.html"
    return render(request, template, context)


def _look(registry: Registry, namespace: str, name: str, *, state: str) -> dict[str, Any]:
    """Three looks into Redis."""
    registry_id = str(registry.pk)
    try:
        service = catalogue.get(registry_id, namespace, name)
        since = chronicle.since(registry_id, namespace, name)
        moves = _moves(registry_id, keys.service(namespace, name))
    except RedisError:
        return {"known": False}
    nodes = list(_nodes(service, since)) if service else []
    return {
        "known": True,
        "service": service,
        "nodes": [one for one in nodes if state in ("", one.state)],
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
