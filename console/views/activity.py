"""The timeline: what people changed and what nodes did."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from console import timeline
from console.redis import RedisError
from console.timeline import Query, export, lines
from console.timeline.forms import ActivityFilterForm
from console.ui import lists
from console.ui.pages import control_plane_of, page

_SHOWN = 50
_TOPICS = 250  # of one page; the live stream takes a few more
_NEWS = 99  # entries that are counted; beyond that it is “more”


@page()
def activity(request: HttpRequest) -> HttpResponseBase:
    query, form = _asked(request)
    if request.GET.get("format"):
        try:
            columns = export.columns(query.registries)
            entries = timeline.everything(query)
            if file := lists.export(request, entries, columns, name="activity"):
                return file
        except RedisError:
            return render(request, "console/activity.html", _look(request, query, form), status=503)
    return render(request, "console/activity.html", _look(request, query, form))


@page()
def activity_live(request: HttpRequest) -> HttpResponse:
    """The entries alone. With `peek`, the place of the newest that is shown, only word of newer
    ones, to be put beside the list: who reads further down is not disturbed."""
    query, form = _asked(request)
    seen = timeline.parse(request.GET.get("peek", ""))
    if seen is None:
        return render(request, "console/_activity_list.html", _look(request, query, form))
    try:
        number = timeline.newer(query, than=seen, limit=_NEWS)
    except RedisError:
        number = 0
    context = {"number": number, "more": number == _NEWS}
    answer = render(request, "console/_activity_news.html", context)
    answer.headers["HX-Retarget"] = "#news"
    answer.headers["HX-Reswap"] = "innerHTML"
    return answer


@page()
def audit_list(request: HttpRequest) -> HttpResponse:
    """Where the timeline was before."""
    asked = request.GET.urlencode()
    return redirect(reverse("console:activity") + (f"?{asked}" if asked else ""), permanent=True)


def _asked(request: HttpRequest) -> tuple[Query, ActivityFilterForm]:
    """What the address asks for; what in it makes no sense is said at its field and left out."""
    plane = control_plane_of(request)
    registries = timeline.registries_of(plane)
    form = ActivityFilterForm(request.GET, registries=registries)
    query = Query(
        control_plane=plane, person=request.user, registries=registries, **form.criteria()
    )
    return query, form


def _look(request: HttpRequest, query: Query, form: ActivityFilterForm) -> dict[str, Any]:
    before = timeline.parse(request.GET.get("before", ""))
    found = timeline.page(query, before=before, limit=_SHOWN)
    today = timezone.localdate()
    plane = query.control_plane.pk
    topics = [f"rows:{plane}", *(f"moves:{one}" for one in query.followed)]
    return {
        "form": form,
        "filtered": form.filtered,
        "lines": lines.lines(query, found.entries),
        "older": found.older,
        "known": found.known or not query.followed,
        "before": before,
        "subject": lines.subject(query),
        "topics": "" if before or query.until else " ".join(topics[:_TOPICS]),
        "today": today,
        "yesterday": today - timedelta(days=1),
    }
