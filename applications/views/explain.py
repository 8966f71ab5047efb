"""Why an upstream has the nodes that it has: a page, and the part of it that renews itself."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from applications import explain, topics
from applications.models import Upstream
from console.contract import keys
from console.ui.pages import control_plane_of, page


@page()
def upstream_explain(request: HttpRequest, pk: str) -> HttpResponse:
    """Asked for by htmx, only the part that changes."""
    upstream = get_object_or_404(
        Upstream.objects.filter(
            application__control_plane=control_plane_of(request)
        ).select_related("application"),
        pk=pk,
    )
    found = explain.of_upstream(upstream)
    plane = str(upstream.application.control_plane_id)
    context = {
        "upstream": upstream,
        "application": upstream.application,
        "explanation": found,
        "topics": [keys.control_plane(plane), keys.rows(plane), *topics.registries(found)],
    }
    live = request.headers.get("HX-Request")
    template = "applications/_upstream_why.html" if live else "applications/upstream_explain.html"
    return render(request, template, context)
