"""Parts of an application's page: what publishing would change, and what gateways cannot have."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from applications import dryrun
from applications.models import Application
from console.contract import keys
from console.redis import RedisError
from console.ui.pages import control_plane_of, page
from gateways import publishing, throttling
from gateways.diffing import Change, Line, lines
from gateways.publishing import Effect

_SHORT = 200  # characters of a side that stands in its line
_SHOWN = 50  # documents of a gateway that are told of one by one
_LINES = 400  # of a document that are shown


@page()
def application_dryrun(request: HttpRequest, pk: str) -> HttpResponse:
    """What publishing an application with all its drafts would change, gateway by gateway;
    ``?drafts=0`` without its unpublished APIs, ``?api=ID`` with this one of them."""
    application = _application(request, pk)
    context: dict[str, Any] = {"application": application, **drafts_of(request, application)}
    context["too_many"] = throttling.refused(request, throttling.ReadingThrottle)
    if not context["too_many"]:
        try:
            sketched = dryrun.sketch(application, apis=context["taken"])
            context["effects"] = [told(one) for one in publishing.effects(sketched)]
        except RedisError:
            context["away"] = True
    return render(request, "gateways/_dryrun.html", context)


@page()
def application_warnings(request: HttpRequest, pk: str) -> HttpResponse:
    """What the gateways of the control plane could not have of an application, published or
    not; ``?api=ID``: of this API of it alone."""
    application = _application(request, pk)
    apis = [str(one) for one in application.apis.values_list("pk", flat=True)]
    one = request.GET.get("api")
    try:
        resources = dryrun.of_application(application, apis=apis).after
        if one:
            resources = {key: it for key, it in resources.items() if key == keys.route(one)}
        found = publishing.warnings(application.control_plane, resources)
    except RedisError:
        found = []
    return render(request, "gateways/_warnings.html", {"warnings": found})


def drafts_of(request: HttpRequest, application: Application) -> dict[str, Any]:
    """The APIs that are not published, and those of them that the address wants to see as if they
    were."""
    drafts = {str(one.pk): one for one in application.apis.filter(published=False)}
    one = request.GET.get("api", "")
    if one:
        taken = [one] if one in drafts else []
    else:
        taken = [] if request.GET.get("drafts") == "0" else list(drafts)
    return {"drafts": list(drafts.values()), "taken": taken, "api": drafts.get(one)}


def _application(request: HttpRequest, pk: str) -> Application:
    rows = Application.objects.filter(control_plane=control_plane_of(request))
    return get_object_or_404(rows.select_related("control_plane"), pk=pk)


def told(effect: Effect) -> dict[str, Any]:
    """An effect for `gateways/_effects.html`, of a size that a page can bear."""
    shown = effect.changes[:_SHOWN]
    counts = dict.fromkeys(("added", "changed", "removed"), 0)
    for one in effect.changes:
        counts[one.kind.value] += 1
    return {
        "effect": effect,
        "counts": counts,
        "changes": [(one, _short(one), _lines(one)) for one in shown],
        "more": len(effect.changes) - len(shown),
    }


def _lines(change: Change) -> list[Line]:
    found = lines(change)
    return found if len(found) <= _LINES else [*found[:_LINES], Line("…")]


def _short(change: Change) -> tuple[str | None, str | None] | None:
    """Both sides of a change as two words, if they are no longer than that."""
    sides = [change.before, change.after]
    if any(isinstance(one, dict | list) or len(str(one)) > _SHORT for one in sides):
        return None
    before, after = (None if one is None else str(one) for one in sides)
    return before, after
