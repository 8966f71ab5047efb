"""What a gateway really uses, asked of it: a part of its page."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from console.contract import wire
from console.redis import RedisError
from console.ui.pages import page
from gateways import readback, rendering, throttling
from gateways.health import Status
from gateways.standing import of as standing_of
from gateways.views.gateways import rows_of
from gateways.wording import of_code

_PER_PAGE = 20


@page()
def gateway_serving(request: HttpRequest, pk: str) -> HttpResponse:
    """Cluster, console and gateway side by side, an upstream a line."""
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
    return render(request, "gateways/_serving.html", context)
