"""One gateway as it is now."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render

from console.contract import keys
from console.redis import RedisError
from console.ui.lists import Column, export
from console.ui.pages import page
from gateways import agents, fleet, joining, publications, standing, wording
from gateways.forms import settings
from gateways.health import Status
from gateways.models import Gateway
from gateways.publications import Publication
from gateways.refusals import refusals
from gateways.views.gateways import rows_of

_MOST = 1000  # commits of a file

COLUMNS: tuple[Column[Publication], ...] = (
    Column("position", lambda one: one.position),
    Column("at", lambda one: datetime.fromtimestamp(one.at / 1000, UTC).isoformat()),
    Column("resources", lambda one: one.keys),
    Column("taken", lambda one: one.taken),
    Column("after_ms", lambda one: one.after_ms),
)


@page()
def gateway_detail(request: HttpRequest, pk: str) -> HttpResponse:
    """A gateway and what it says of itself; asked for by htmx, only the part that changes."""
    gateway = get_object_or_404(rows_of(request).defer("secret"), pk=pk)
    if request.headers.get("HX-Request"):
        return render(request, "gateways/_gateway_live.html", _now(gateway))
    now = _now(gateway)
    context = {
        **now,
        "fleet": fleet.of([gateway])[str(gateway.pk)],
        "publications": _publications(gateway, now["standing"].status),
        "joining": joining.snippet(gateway, request.build_absolute_uri("/")),
        "agent": agents.snippet(gateway) if gateway.by_agent else None,
        "has_secret": Gateway.objects.filter(pk=pk).exclude(secret=b"").exists(),
        "kind": gateway.get_kind_display(),
        "settings": settings.in_words(gateway.kind, gateway.settings),
        "topics": " ".join(
            [
                keys.gateway(str(gateway.pk)),
                keys.control_plane(str(gateway.control_plane_id)),
                keys.rows(str(gateway.control_plane_id)),
            ]
        ),
    }
    return render(request, "gateways/gateway_detail.html", context)


@page()
def gateway_publications(request: HttpRequest, pk: str) -> HttpResponseBase:
    """What was published last, a part of the page; with ``?format=`` more of it, as a file."""
    gateway = get_object_or_404(rows_of(request).defer("secret"), pk=pk)
    status = standing.of([gateway])[str(gateway.pk)].status
    template = "gateways/_publications.html"
    if "format" in request.GET:
        try:
            told = publications.last(gateway, status, count=_MOST)
        except RedisError:
            return render(request, template, {"gateway": gateway, "publications": []}, status=503)
        if file := export(request, told, COLUMNS, name="publications"):
            return file
    context = {"gateway": gateway, "publications": _publications(gateway, status)}
    part: HttpResponse = render(request, template, context)
    return part


def _publications(gateway: Gateway, status: Status) -> list[Publication]:
    """With Redis away there is nothing to tell, as the page says elsewhere."""
    try:
        return publications.last(gateway, status)
    except RedisError:
        return []


def _now(gateway: Gateway) -> dict[str, Any]:
    """What the part that changes shows."""
    key = str(gateway.pk)
    stands = standing.of([gateway])[key]
    phase = standing.phase_of(gateway, stands)
    told = refusals(
        {
            "refused": stands.status.refusals,
            "differences": standing.differences_of(stands.status),
        }
    )
    return {
        "gateway": gateway,
        "standing": stands,
        "wording": wording.of_phase(phase, stands.status, by_agent=gateway.by_agent),
        "progress": standing.progress_of(str(gateway.control_plane_id), [(gateway, stands)])[key],
        "refusals": told["refused"],
        "differences": told["differences"],
        "audited_at": standing.audited_at(stands.status),
    }
