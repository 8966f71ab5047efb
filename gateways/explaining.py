"""Parts of the applications' pages that only gateways can fill."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

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
def route_standing(request: HttpRequest, pk: str) -> HttpResponse:
    """What the gateways say to one route and to where it leads."""
    plane = control_plane_of(request)
    api = get_object_or_404(
        Api.objects.select_related("application"), application__control_plane=plane, pk=pk
    )
    wanted = [keys.route(str(pk))]
    default = api.application.default_upstream
    if default is not None:
        wanted.append(keys.upstream(str(default.pk)))
    return render(request, "applications/_why.html", {"sentences": explain.of(plane, wanted)})
