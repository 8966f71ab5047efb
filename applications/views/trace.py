"""The route tracer. The request is the address of the page, so that a trace can be handed on."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from applications import explain, topics, tracing
from applications.models import Application
from console.contract import keys
from console.ui.pages import control_plane_of, page

_ASKING = ("host", "path", "method")


@page()
def trace(request: HttpRequest) -> HttpResponse:
    """Asked for by htmx, only the answer."""
    plane = control_plane_of(request)
    asked = any(request.GET.get(name) for name in _ASKING)
    form = tracing.Asked(request.GET if asked else None)
    context: dict[str, Any] = {
        "form": form,
        "asked": asked,
        "topics": [keys.control_plane(str(plane.pk)), keys.rows(str(plane.pk))],
    }
    if asked and form.is_valid():
        found = tracing.trace(plane.pk, form.request)
        upstream = found.upstream()
        context |= {
            "trace": found,
            "typed_path": form.cleaned_data["path"].partition("?")[0],
        }
        if upstream:
            explanation = explain.of_upstream(upstream)
            context["explanation"] = explanation
            context["topics"] += topics.registries(explanation)
    elif not asked:
        context["examples"] = _examples(request)
    live = request.headers.get("HX-Request")
    template = "applications/_trace_answer.html" if live else "applications/trace.html"
    return render(request, template, context)


def _examples(request: HttpRequest) -> list[dict[str, str]]:
    """Requests to begin with: of published applications that name a host."""
    rows = Application.objects.published().filter(control_plane=control_plane_of(request))
    named = rows.exclude(hosts=[]).order_by("name").values_list("hosts", "path_prefix")[:3]
    return [{"host": hosts[0].replace("*.", "www.", 1), "path": prefix} for hosts, prefix in named]
