"""What a gateway really uses, asked of it: a part of its page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from console.contract import wire
from console.redis import RedisError
from console.ui.lists import Column, export
from console.ui.pages import page
from gateways import readback, rendering, throttling
from gateways.health import Status
from gateways.standing import of as standing_of
from gateways.views.gateways import rows_of
from gateways.wording import of_code

_PER_PAGE = 20

COLUMNS: tuple[Column[readback.Line], ...] = (
    Column("upstream", lambda one: one.title),
    Column("cluster", lambda one: one.cluster),
    Column("compiled", lambda one: one.compiled),
    Column("served", lambda one: one.served),
    Column("missing", lambda one: one.difference.missing if one.difference else ()),
    Column("extra", lambda one: one.difference.extra if one.difference else ()),
    Column("agrees", lambda one: one.agrees),
    Column("refused", lambda one: one.refused),
)


@page()
def gateway_serving(request: HttpRequest, pk: str) -> HttpResponseBase:
    """Cluster, console and gateway side by side, an upstream a line; with ``?format=`` all of them,
    as a file. What is looked for stands in the address of the page that this is a part of."""
    gateway = get_object_or_404(rows_of(request), pk=pk)
    search = request.GET.get("q", "")
    context: dict[str, Any] = {"gateway": gateway, "search": search}
    too_many = throttling.refused(request, throttling.ReadingThrottle)
    if too_many:
        return render(request, "gateways/_serving.html", context | {"too_many": too_many})
    status: Status = standing_of([gateway])[str(gateway.pk)].status
    try:
        asked = rendering.serving(gateway)
        plane = str(gateway.control_plane_id)
        found = readback.upstreams(plane, search)
        if "format" in request.GET:
            told = readback.lines(gateway, found, asked, status.refusals)
            if file := export(request, told, COLUMNS, name="serving"):
                return file
        pages: Page[wire.Upstream] = Paginator(found, _PER_PAGE).get_page(request.GET.get("page"))
        lines = readback.lines(gateway, list(pages.object_list), asked, status.refusals)
    except RedisError:
        return render(request, "gateways/_serving.html", context | {"away": True})
    context |= {
        "page": pages,
        "lines": lines,
        "differing": sum(not one.agrees for one in lines),
        "asked": asked,
        "words": of_code(asked.code) if asked.error else None,
    }
    part: HttpResponse = render(request, "gateways/_serving.html", context)
    if "HX-Request" in request.headers and "q" in request.GET:
        here = reverse("gateways:gateway-detail", args=[pk])
        part.headers["HX-Replace-Url"] = f"{here}?{urlencode(_kept(search, pages.number))}"
    return part


def _kept(search: str, number: int) -> dict[str, Any]:
    return {"q": search} | ({"page": number} if number > 1 else {})
