"""Applications: create, copy, look at, change, delete."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from applications import actions, standing, topics
from applications.forms import ApplicationEditor, copies, seal
from applications.models import Application, Member
from console.roles import Role
from console.ui.forms import ConfirmForm
from console.ui.lists import Column, export
from console.ui.pages import control_plane_of, page, paginate
from console.ui.toasts import done

from .apis import api_rows, apis_as_file

_USERS: tuple[Column[Member], ...] = (
    Column("application", lambda one: one.upstream.application.name),
    Column("version", lambda one: one.upstream.version),
    Column("namespace", lambda one: one.namespace),
    Column("service", lambda one: one.service),
    Column("port", lambda one: one.service_port),
)


def rows_of(request: HttpRequest) -> QuerySet[Application]:
    return Application.objects.filter(control_plane=control_plane_of(request))


@page("GET", "POST")
def application_create(request: HttpRequest) -> HttpResponse:
    """A new one; ``?copy=ID`` begins with another one's values."""
    plane = control_plane_of(request)
    source = _source(request)
    if source:
        name = _("Copy of %(name)s") % {"name": source.name}
        application = copies.application_of(source, name=name)
    else:
        application = Application(control_plane=plane)
    editor = ApplicationEditor(application, request.POST or None, source=source)
    if request.method == "POST" and editor.attempt(request.user):
        text = _("The application “%s” is created. Give it an API next.")
        if application.apis.exists():
            text = _("The application “%s” is created.")
        done(request, text % application.name)
        return redirect("applications:application-detail", application.pk)
    context = {"editor": editor, "source": source}
    return render(request, "applications/application_form.html", context)


@page("GET", "POST")
def application_edit(request: HttpRequest, pk: str) -> HttpResponse:
    application = get_object_or_404(rows_of(request).select_related("control_plane"), pk=pk)
    name = application.name
    editor = ApplicationEditor(application, request.POST or None)
    if request.method == "POST" and editor.attempt(request.user):
        done(request, _("The application “%s” is saved.") % application.name)
        return redirect("applications:application-detail", application.pk)
    context = {"editor": editor, "application": application, "name": name}
    return render(request, "applications/application_form.html", context)


@page()
def application_detail(request: HttpRequest, pk: str) -> HttpResponseBase:
    application = get_object_or_404(rows_of(request).select_related("control_plane"), pk=pk)
    file = apis_as_file(request, application)
    if file is not None:
        return file
    context = {"application": application, **api_rows(request, application), **_look(application)}
    return render(request, "applications/application_detail.html", context)


@page()
def application_live(request: HttpRequest, pk: str) -> HttpResponse:
    """The versions with their nodes as they are now, a part of the detail page."""
    application = get_object_or_404(rows_of(request), pk=pk)
    return render(request, "applications/_application_live.html", _look(application))


@page(role=Role.EDITOR)
def overtaken(request: HttpRequest) -> HttpResponse:
    """Whether somebody else saved what an open form shows; a part of the form."""
    said = seal.broken(request.GET.get(seal.FIELD, ""), control_plane_of(request))
    return render(request, "applications/_overtaken.html", {"said": said})


@page("GET", "POST")
def application_delete(request: HttpRequest, pk: str) -> HttpResponse:
    application = get_object_or_404(rows_of(request), pk=pk)
    back = reverse("applications:application-detail", args=[pk])
    form = ConfirmForm(request.POST or None, expected=application.name)
    if request.method == "POST" and form.attempt(
        lambda: actions.delete_application(
            application=application, actor=request.user, with_apis=True
        )
    ):
        done(request, _("The application “%s” is deleted.") % application.name)
        return redirect("applications:application-list")
    context = {
        "form": form,
        "name": application.name,
        "back": back,
        "trail": [
            (_("API Management"), ""),
            (_("Applications"), reverse("applications:application-list")),
            (application.name, back),
        ],
        "consequence": _consequence(application),
    }
    return render(request, "_confirm_delete.html", context)


@page()
def registry_users(request: HttpRequest, registry: str) -> HttpResponseBase:
    """Which applications follow a service of the registry; a part of the registry's page, whose
    address says which of them: ``?users=2``."""
    members = (
        Member.objects.filter(
            registry_id=registry,
            upstream__application__control_plane=control_plane_of(request),
        )
        .select_related("upstream__application")
        .order_by("upstream__application__name", "namespace", "service", "pk")
    )
    if file := export(request, members, _USERS, name="used-by"):
        return file
    shown = paginate(request, members, param="users")
    answer: HttpResponse = render(request, "applications/_registry_users.html", {"page": shown})
    return answer


def _source(request: HttpRequest) -> Application | None:
    try:
        pk = uuid.UUID(request.GET.get("copy", ""))
    except ValueError:
        return None
    return get_object_or_404(rows_of(request).select_related("control_plane"), pk=pk)


def _consequence(application: Application) -> str:
    """What goes with an application, in sentences."""
    said = []
    if application.published:
        said.append(_("Gateways stop serving it."))
    names = [str(name) for name in application.apis.values_list("name", flat=True)]
    if names:
        text = ngettext(
            "Its API goes with it: %(names)s.",
            "Its %(count)d APIs go with it: %(names)s.",
            len(names),
        )
        shown = ", ".join(names[:10]) + (" …" if len(names) > 10 else "")
        said.append(text % {"count": len(names), "names": shown})
    count = application.upstreams.count()
    text = ngettext(
        "So does its upstream with its members.",
        "So do the %(count)d versions of its upstream with their members.",
        count,
    )
    said.append(text % {"count": count} if names else _("Its upstream goes with it."))
    return " ".join(said)


def _look(application: Application) -> dict[str, Any]:
    upstreams = list(application.upstreams.prefetch_related("members__registry"))
    # The version that requests go to comes first.
    upstreams.sort(key=lambda one: (one.version != application.default_version, one.version))
    members = [member for upstream in upstreams for member in upstream.members.all()]
    standings = {one.member.pk: one for one in standing.of_members(members)}
    told = standing.of_upstreams(str(application.control_plane_id), upstreams)
    plane = application.control_plane_id
    followed = topics.services(members)
    return {
        "application": application,
        "upstreams": [
            (upstream, one, [standings[member.pk] for member in upstream.members.all()])
            for upstream, one in zip(upstreams, told, strict=True)
        ],
        "topics": " ".join((f"control-plane:{plane}", f"rows:{plane}", *sorted(followed)[:250])),
    }
