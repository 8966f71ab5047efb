"""The list of applications: narrowed, sorted, live, as a file; and the switch of a row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from django.db.models import Aggregate, Count, F, Max, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from applications import actions
from applications.forms import ApplicationFilterForm
from applications.listed import Listed, listed, topics
from applications.models import Api, Application, Member, Upstream
from console.ui.lists import Column, Listing, export
from console.ui.pages import control_plane_of, page

from .switches import switched

SORTS = {
    "name": ("name",),
    "host": ("hosts", "path_prefix"),
    "apis": ("api_count", "name"),
    "changed": ("changed", "name"),
    "state": ("published", "name"),
}
COLUMNS: list[Column[Listed]] = [
    Column("id", lambda one: str(one.row.pk)),
    Column("name", lambda one: one.row.name),
    Column("description", lambda one: one.row.description),
    Column("hosts", lambda one: one.row.hosts),
    Column("path_prefix", lambda one: one.row.path_prefix),
    Column("protocols", lambda one: one.row.protocols),
    Column("labels", lambda one: one.row.labels),
    Column("apis", lambda one: cast(Any, one.row).api_count),
    Column("nodes", lambda one: one.nodes),
    Column("why", lambda one: one.why),
    Column("published", lambda one: one.row.published),
    Column("changed", lambda one: cast(Any, one.row).changed.isoformat()),
]


@page()
def application_list(request: HttpRequest) -> HttpResponseBase:
    form = _form(request)
    listing = _listing(request, form)
    whole = listing.rows.prefetch_related(*_behind())
    file = export(request, _told(whole), COLUMNS, name="applications")
    if file is not None:
        return file
    context = _rows(request, listing) | {"form": form, "filtered": _filtered(request, form)}
    return render(request, "applications/application_list.html", context)


@page()
def application_rows(request: HttpRequest) -> HttpResponse:
    """The rows as they are now; the address narrows them as it narrows the list."""
    form = _form(request)
    context = _rows(request, _listing(request, form)) | {"filtered": _filtered(request, form)}
    return render(request, "applications/_application_rows.html", context)


@page("POST")
def application_publish(request: HttpRequest, pk: str) -> HttpResponse:
    application = get_object_or_404(_all(request), pk=pk)
    actions.publish_application(application=application, actor=request.user)
    return _switched(request, application)


@page("POST")
def application_unpublish(request: HttpRequest, pk: str) -> HttpResponse:
    application = get_object_or_404(_all(request), pk=pk)
    actions.unpublish_application(application=application, actor=request.user)
    return _switched(request, application)


def _all(request: HttpRequest) -> QuerySet[Application]:
    return Application.objects.filter(control_plane=control_plane_of(request))


def _form(request: HttpRequest) -> ApplicationFilterForm:
    return ApplicationFilterForm(request.GET, rows=_all(request))


def _filtered(request: HttpRequest, form: ApplicationFilterForm) -> bool:
    return any(request.GET.get(name) for name in form.fields)


def _listing(request: HttpRequest, form: ApplicationFilterForm) -> Listing[Application]:
    return Listing(request, _counted(form.found()), sorts=SORTS, default="name")


def _counted(rows: QuerySet[Application]) -> QuerySet[Application]:
    """With the number of APIs, and when the application or anything of it last changed."""
    return rows.annotate(
        api_count=Coalesce(_of_each(Api, Count("pk")), 0),
        changed=Greatest(
            F("updated_at"),
            _of_each(Api, Max("updated_at")),
            _of_each(Upstream, Max("updated_at")),
        ),
    )


def _of_each(model: type[Api] | type[Upstream], what: Aggregate) -> Subquery:
    """Something about the rows of each application, without a join that multiplies them."""
    mine = cast("QuerySet[Any]", model._default_manager.filter(application=OuterRef("pk")))
    return Subquery(mine.order_by().values("application").annotate(told=what).values("told"))


def _behind() -> tuple[str | Prefetch[Any], ...]:
    members = Member.objects.select_related("registry")
    return ("upstreams", Prefetch("upstreams__members", members))


def _told(rows: QuerySet[Application]) -> Iterator[Listed]:
    """The rows with their nodes, which are looked up once somebody asks for the first."""
    yield from listed(rows)


def _rows(request: HttpRequest, listing: Listing[Application]) -> dict[str, Any]:
    listing.rows = listing.rows.prefetch_related(*_behind())
    shown = listing.page
    found = listed(shown.object_list)
    return {
        "listing": listing,
        "page": shown,
        "applications": found,
        "topics": topics(str(control_plane_of(request).pk), found),
        "here": _address(request),
    }


def _address(request: HttpRequest) -> str:
    """The list as it is narrowed now: where the way back from a switch leads."""
    query = request.GET.urlencode()
    return reverse("applications:application-list") + (f"?{query}" if query else "")


def _switched(request: HttpRequest, application: Application) -> HttpResponse:
    context: dict[str, Any] = {"here": request.POST.get("next", "")}
    if "HX-Request" in request.headers:
        rows = _counted(_all(request)).prefetch_related(*_behind())
        [context["one"]] = listed([rows.get(pk=application.pk)])
    return switched(
        request,
        application,
        back=reverse("applications:application-detail", args=[application.pk]),
        part="applications/_application_switched.html",
        context=context,
    )
