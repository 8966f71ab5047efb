"""Parts of the applications' pages that only gateways can fill."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from applications import tracing
from applications.models import Api, Upstream
from console.contract import keys
from console.ui.pages import control_plane_of, page
from gateways import explain


@page()
def upstream_standing(request: HttpRequest, pk: str) -> HttpResponse:
    """What the gateways say to an upstream and to the routes that lead there."""
    plane = control_plane_of(request)
    upstream = get_object_or_404(Upstream, application__control_plane=plane, pk=pk)
    routes = Api.objects.filter(application_id=upstream.application_id).values_list("pk", flat=True)
    wanted = [keys.upstream(str(pk)), *(keys.route(str(one)) for one in routes)]
    context = {"sentences": explain.of(plane, wanted)}
    return render(request, "applications/_why.html", context)


@page()
def trace_standing(request: HttpRequest) -> HttpResponse:
    """What the gateways say to the route that takes a request, and to where it leads; asked like
    the route tracer's page."""
    plane = control_plane_of(request)
    asked = tracing.Asked(request.GET)
    request_given = bool(request.GET) and asked.is_valid()
    winner = tracing.trace(plane.pk, asked.request).winner if request_given else None
    route = winner.verdict.route if winner else None
    wanted = [keys.route(route.id), keys.upstream(route.upstream)] if route else []
    return render(request, "applications/_why.html", {"sentences": explain.of(plane, wanted)})
