"""What a gateway is given: its documents as its kind makes them, to look through and to take away.

`?application=ID` are those of one application, `?resource=KEY` of one resource.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render

from applications.models import Application
from console.redis import RedisError
from console.ui.pages import control_plane_of, page
from gateways import rendering
from gateways.diffing import listed
from gateways.models import Gateway
from gateways.refusals import refusals
from gateways.rendering import Shown
from gateways.views.gateways import rows_of

_PER_PAGE = 20
_SHORT = 200  # characters of a document of one line that stands beside its name
_FOLDED = 40  # lines of a document beyond which it is folded


@page()
def gateway_rendered(request: HttpRequest, pk: str) -> HttpResponse:
    gateway = get_object_or_404(rows_of(request).defer("secret"), pk=pk)
    application = _application(request)
    search = request.GET.get("q", "").strip()
    try:
        shown = _shown(gateway, application, request.GET.get("resource", ""))
        known = True
    except RedisError:
        shown, known = Shown(), False
    found = rendering.fitting(shown.documents, search)
    if request.GET.get("format") == "json":
        answer = JsonResponse(found, json_dumps_params={"indent": 2, "ensure_ascii": False})
        answer["Content-Disposition"] = 'attachment; filename="rendered.json"'
        return answer
    pages: Page[Any] = Paginator(sorted(found), _PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "gateway": gateway,
        "application": application,
        "resource": request.GET.get("resource", ""),
        "search": search,
        "known": known,
        "error": shown.error,
        "refusals": refusals({"": shown.refused})[""],
        "total": len(shown.documents),
        "page": pages,
        "documents": [_document(name, found[name]) for name in pages.object_list],
        "applications": _choices(request),
    }
    return render(request, "gateways/gateway_rendered.html", context)


def _document(name: str, value: Any) -> dict[str, Any]:
    text = value if isinstance(value, str) else listed(value)
    rows = text.count("\n")
    short = not rows and len(text) <= _SHORT
    return {"name": name, "text": text, "short": short, "folded": rows > _FOLDED}


def _shown(gateway: Gateway, application: Application | None, resource: str) -> Shown:
    plane = str(gateway.control_plane_id)
    if resource:
        resources = rendering.some(plane, [resource])
    elif application:
        resources = rendering.some(plane, rendering.keys_of(application))
    else:
        resources = rendering.published(plane)
    return rendering.preview(gateway, resources)


def _application(request: HttpRequest) -> Application | None:
    """The application that the address asks for. Raises `Http404` for one of somebody else's."""
    try:
        pk = uuid.UUID(request.GET.get("application", ""))
    except ValueError:
        return None
    plane = control_plane_of(request)
    return get_object_or_404(Application, control_plane=plane, pk=pk)


def _choices(request: HttpRequest) -> list[tuple[str, str]]:
    """Applications to choose from; of more than some hundred, the search is the way."""
    rows = Application.objects.filter(control_plane=control_plane_of(request))
    found = rows.order_by("name").values_list("pk", "name")[:300]
    return [(str(pk), name) for pk, name in found]
