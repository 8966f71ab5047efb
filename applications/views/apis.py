"""APIs of an application: list, create, look at, change, publish, delete."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from applications import actions
from applications.addresses import effective_paths
from applications.forms import ApiFilterForm, ApiForm
from applications.models import Api, Application
from console.roles import Role
from console.ui.forms import ConfirmForm
from console.ui.lists import Column, Listing, export
from console.ui.pages import control_plane_of, page
from console.ui.toasts import done

from .switches import switched

_MANY = 8  # from so many on they are searched and sorted
SORTS = {
    "name": ("name",),
    "path": ("paths", "name"),
    "changed": ("updated_at",),
    "state": ("published", "name"),
}
COLUMNS: list[Column[Api]] = [
    Column("id", lambda row: str(row.pk)),
    Column("name", lambda row: row.name),
    Column("description", lambda row: row.description),
    Column("kind", lambda row: row.kind),
    Column("methods", lambda row: row.methods),
    Column(
        "paths",
        lambda row: [path + ("/*" if below else "") for path, below in effective_paths(row)],
    ),
    Column("strip_path_prefix", lambda row: row.strip_path_prefix),
    Column("labels", lambda row: row.labels),
    Column("published", lambda row: row.published),
    Column("changed", lambda row: row.updated_at.isoformat()),
]


def rows_of(request: HttpRequest) -> QuerySet[Api]:
    return Api.objects.filter(application__control_plane=control_plane_of(request)).select_related(
        "application__control_plane"
    )


def api_rows(request: HttpRequest, application: Application) -> dict[str, Any]:
    """The APIs of an application as its address narrows them, for templates."""
    form, listing = _listing(request, application)
    page_ = listing.page
    filtered = bool(request.GET.get("q"))
    total = application.apis.count() if filtered else page_.paginator.count
    for api in page_.object_list:
        api.application = application
    return {
        "api_form": form,
        "listing": listing,
        "page": page_,
        "total": total,
        "many": total >= _MANY,
        "filtered": filtered,
        "here": reverse("applications:application-detail", args=[application.pk])
        + (f"?{query}" if (query := request.GET.urlencode()) else ""),
    }


def apis_as_file(request: HttpRequest, application: Application) -> HttpResponseBase | None:
    _form, listing = _listing(request, application)
    rows = listing.rows.select_related("application")
    return export(request, rows, COLUMNS, name="apis")


@page()
def api_list(request: HttpRequest, application: str) -> HttpResponse:
    """The APIs as they are now, a part of the application's page."""
    owner = get_object_or_404(_applications(request), pk=application)
    context = {"application": owner, **api_rows(request, owner)}
    return render(request, "applications/_api_rows.html", context)


@page("GET", "POST")
def api_create(request: HttpRequest, application: str) -> HttpResponse:
    owner = get_object_or_404(_applications(request), pk=application)
    form = ApiForm(request.POST or None, instance=Api(application=owner))
    if request.method == "POST" and form.save_as(request.user):
        done(request, _("The API “%s” is created.") % form.instance.name)
        return redirect("applications:application-detail", owner.pk)
    return render(request, "applications/api_form.html", {"form": form, "application": owner})


@page("GET", "POST", reading=Role.VIEWER)
def api_edit(request: HttpRequest, pk: str) -> HttpResponse:
    """An API's only page: who may not change it sees its form turned off."""
    api = get_object_or_404(rows_of(request), pk=pk)
    name = api.name
    form = ApiForm(request.POST or None, instance=api, initial={"publish": api.published})
    if request.method == "POST" and form.save_as(request.user):
        done(request, _("The API “%s” is saved.") % api.name)
        return redirect("applications:application-detail", api.application_id)
    context = {"form": form, "application": api.application, "api": api, "name": name}
    return render(request, "applications/api_form.html", context)


@page()
def api_preview(request: HttpRequest, application: str) -> HttpResponse:
    """Where the API would be called as it is typed, and what its service would receive; a part of
    its form."""
    owner = get_object_or_404(_applications(request), pk=application)
    paths = request.GET.getlist("paths")
    types = request.GET.getlist("paths-type")
    typed = Api(
        application=owner,
        kind=request.GET.get("kind", Api.Kind.REST),
        methods=request.GET.getlist("methods"),
        paths=[
            {"path": path.strip(), "type": kind}
            for path, kind in zip(paths, types, strict=False)
            if path.strip().startswith("/")
        ],
        strip_path_prefix="strip_path_prefix" in request.GET,
    )
    context = {"api": typed, "application": owner, "chosen": request.GET.get("gateway", "")}
    return render(request, "applications/_api_preview.html", context)


@page("POST")
def api_publish(request: HttpRequest, pk: str) -> HttpResponse:
    api = get_object_or_404(rows_of(request), pk=pk)
    actions.publish_api(api=api, actor=request.user)
    return _switched(request, api)


@page("POST")
def api_unpublish(request: HttpRequest, pk: str) -> HttpResponse:
    api = get_object_or_404(rows_of(request), pk=pk)
    actions.unpublish_api(api=api, actor=request.user)
    return _switched(request, api)


@page("GET", "POST")
def api_delete(request: HttpRequest, pk: str) -> HttpResponse:
    api = get_object_or_404(rows_of(request), pk=pk)
    back = reverse("applications:application-detail", args=[api.application_id])
    form = ConfirmForm(request.POST or None, expected=api.name)
    if request.method == "POST" and form.attempt(
        lambda: actions.delete_api(api=api, actor=request.user)
    ):
        done(request, _("The API “%s” is deleted.") % api.name)
        return redirect(back)
    context = {
        "form": form,
        "name": api.name,
        "back": back,
        "trail": [
            (_("API Management"), ""),
            (_("Applications"), reverse("applications:application-list")),
            (api.application.name, back),
            (api.name, reverse("applications:api-edit", args=[pk])),
        ],
        "consequence": _("Gateways stop answering its paths."),
    }
    return render(request, "_confirm_delete.html", context)


def _applications(request: HttpRequest) -> QuerySet[Application]:
    rows = Application.objects.filter(control_plane=control_plane_of(request))
    return rows.select_related("control_plane")


def _listing(request: HttpRequest, application: Application) -> tuple[ApiFilterForm, Listing[Api]]:
    form = ApiFilterForm(request.GET)
    rows = form.found(Api.objects.filter(application=application))
    return form, Listing(request, rows, sorts=SORTS, default="name")


def _switched(request: HttpRequest, api: Api) -> HttpResponse:
    return switched(
        request,
        api,
        back=reverse("applications:application-detail", args=[api.application_id]),
        part="applications/_api_switched.html",
        context={
            "api": api,
            "application": api.application,
            "here": request.POST.get("next", ""),
        },
    )
