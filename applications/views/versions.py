"""The versions of an application's upstream: add, change, choose, delete."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from applications import actions
from applications.forms import VersionEditor, copies
from applications.models import Application, Upstream
from console.ui.forms import ConfirmForm
from console.ui.pages import control_plane_of, page
from console.ui.toasts import done


def rows_of(request: HttpRequest) -> QuerySet[Upstream]:
    return Upstream.objects.filter(
        application__control_plane=control_plane_of(request)
    ).select_related("application__control_plane")


@page("GET", "POST")
def version_create(request: HttpRequest, application: str) -> HttpResponse:
    """A new one begins with the values of the default version."""
    owner = get_object_or_404(_applications(request), pk=application)
    default = owner.upstreams.get(version=owner.default_version)
    upstream, members = copies.version_of(default, version="")
    upstream.application = owner
    editor = VersionEditor(upstream, request.POST or None, rows=members)
    if request.method == "POST" and editor.attempt(request.user):
        text = _("The version “%s” is created. Requests still go to the default version.")
        done(request, text % upstream.version)
        return redirect("applications:application-detail", owner.pk)
    context = {"editor": editor, "application": owner}
    return render(request, "applications/version_form.html", context)


@page("GET", "POST")
def version_edit(request: HttpRequest, pk: str) -> HttpResponse:
    upstream = get_object_or_404(rows_of(request), pk=pk)
    name, application = upstream.version, upstream.application
    members = list(upstream.members.select_related("registry"))
    editor = VersionEditor(upstream, request.POST or None, rows=members)
    if request.method == "POST" and editor.attempt(request.user):
        done(request, _("The version “%s” is saved.") % upstream.version)
        return redirect("applications:application-detail", application.pk)
    context = {
        "editor": editor,
        "application": application,
        "upstream": upstream,
        "name": name,
        "is_default": application.default_version == name,
    }
    return render(request, "applications/version_form.html", context)


@page("POST")
def version_choose(request: HttpRequest, pk: str) -> HttpResponse:
    """Let requests go to this version from now on."""
    upstream = get_object_or_404(rows_of(request), pk=pk)
    application = upstream.application
    before = application.upstreams.filter(version=application.default_version).first()
    application.default_version = upstream.version
    actions.change_application(application=application, actor=request.user)
    undo = reverse("applications:version-choose", args=[before.pk]) if before else ""
    done(
        request,
        _("Requests to “%(application)s” go to the version “%(version)s” now.")
        % {"application": application.name, "version": upstream.version},
        undo=undo if before != upstream else "",
    )
    return redirect("applications:application-detail", application.pk)


@page("GET", "POST")
def version_delete(request: HttpRequest, pk: str) -> HttpResponse:
    upstream = get_object_or_404(rows_of(request), pk=pk)
    application = upstream.application
    back = reverse("applications:application-detail", args=[application.pk])
    form = ConfirmForm(request.POST or None, expected=upstream.version)
    if request.method == "POST" and form.attempt(
        lambda: actions.delete_upstream(upstream=upstream, actor=request.user)
    ):
        done(request, _("The version “%s” is deleted.") % upstream.version)
        return redirect(back)
    consequence = _("No requests go to it: the default version is another one.")
    if application.default_version == upstream.version:
        consequence = _("Requests go to it. Choose another default version first.")
    context = {
        "form": form,
        "name": upstream.version,
        "back": back,
        "trail": [
            (_("API Management"), ""),
            (_("Applications"), reverse("applications:application-list")),
            (application.name, back),
        ],
        "consequence": consequence,
    }
    return render(request, "_confirm_delete.html", context)


def _applications(request: HttpRequest) -> QuerySet[Application]:
    rows = Application.objects.filter(control_plane=control_plane_of(request))
    return rows.select_related("control_plane")
