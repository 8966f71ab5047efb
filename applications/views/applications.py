"""Applications: create, look at, change, delete."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from applications import actions, standing
from applications.forms import ApplicationEditor
from applications.models import Application, Member
from console.ui.forms import ConfirmForm
from console.ui.pages import control_plane_of, page


def rows_of(request: HttpRequest) -> QuerySet[Application]:
    return Application.objects.filter(control_plane=control_plane_of(request))


@page("GET", "POST")
def application_create(request: HttpRequest) -> HttpResponse:
    application = Application(control_plane=control_plane_of(request))
    editor = ApplicationEditor(application, request.POST or None)
    if request.method == "POST" and editor.attempt(request.user):
        messages.success(
            request, _("The application “%s” is created. Give it an API next.") % application.name
        )
        return redirect("applications:application-detail", application.pk)
    return render(request, "applications/application_form.html", {"editor": editor})


@page("GET", "POST")
def application_edit(request: HttpRequest, pk: str) -> HttpResponse:
    application = get_object_or_404(rows_of(request), pk=pk)
    name = application.name
    editor = ApplicationEditor(application, request.POST or None)
    if request.method == "POST" and editor.attempt(request.user):
        messages.success(request, _("The application “%s” is saved.") % application.name)
        return redirect("applications:application-detail", application.pk)
    context = {"editor": editor, "application": application, "name": name}
    return render(request, "applications/application_form.html", context)


@page()
def application_detail(request: HttpRequest, pk: str) -> HttpResponse:
    application = get_object_or_404(rows_of(request).select_related("control_plane"), pk=pk)
    apis = list(application.apis.all())
    for api in apis:
        api.application = application
    context = {"application": application, "apis": apis, **_look(application)}
    return render(request, "applications/application_detail.html", context)


@page()
def application_live(request: HttpRequest, pk: str) -> HttpResponse:
    """The upstreams with their nodes as they are now, a part of the detail page."""
    application = get_object_or_404(rows_of(request), pk=pk)
    return render(request, "applications/_application_live.html", _look(application))


@page("GET", "POST")
def application_delete(request: HttpRequest, pk: str) -> HttpResponse:
    application = get_object_or_404(rows_of(request), pk=pk)
    back = reverse("applications:application-detail", args=[pk])
    form = ConfirmForm(request.POST or None, expected=application.name)
    if request.method == "POST" and form.attempt(
        lambda: actions.delete_application(application=application, actor=request.user)
    ):
        messages.success(request, _("The application “%s” is deleted.") % application.name)
        return redirect("applications:application-list")
    context = {
        "form": form,
        "name": application.name,
        "back": back,
        "trail": [
            (_("Applications"), reverse("applications:application-list")),
            (application.name, back),
        ],
        "consequence": _("Gateways stop serving it. Its upstreams are deleted with it."),
    }
    return render(request, "_confirm_delete.html", context)


@page()
def registry_users(request: HttpRequest, registry: str) -> HttpResponse:
    """Which applications follow a service of the registry; a part of the registry's page."""
    members = (
        Member.objects.filter(
            registry_id=registry,
            upstream__application__control_plane=control_plane_of(request),
        )
        .select_related("upstream__application")
        .order_by("upstream__application__name", "namespace", "service")
    )
    return render(request, "applications/_registry_users.html", {"members": members[:200]})


def _look(application: Application) -> dict[str, Any]:
    upstreams = list(application.upstreams.prefetch_related("members__registry"))
    members = [member for upstream in upstreams for member in upstream.members.all()]
    standings = {one.member.pk: one for one in standing.of_members(members)}
    told = standing.of_upstreams(str(application.control_plane_id), upstreams)
    return {
        "application": application,
        "upstreams": [
            (upstream, one, [standings[member.pk] for member in upstream.members.all()])
            for upstream, one in zip(upstreams, told, strict=True)
        ],
    }
