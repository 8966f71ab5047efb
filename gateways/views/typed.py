"""Parts of the forms of applications and APIs: what saving them as they are typed would change,
gateway by gateway.

The form is saved as its own page saves it, so that it refuses the same, and all of it is undone
before any gateway is asked.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from applications import dryrun
from applications.dryrun import Sketch
from applications.forms import ApiForm, ApplicationEditor
from applications.models import Api, Application
from console.models import ControlPlane
from console.redis import RedisError
from console.ui.pages import control_plane_of, page
from gateways import publishing, throttling
from gateways.views.publishing import told


@dataclass(frozen=True, slots=True)
class Wrong:
    """An error and the field that it belongs to, by its id in the page; empty: to the whole."""

    field: str
    label: str
    text: str


@page("POST")
def application_typed_new(request: HttpRequest) -> HttpResponse:
    """Of a new application; ``?copy=ID``: of a copy."""
    plane = control_plane_of(request)
    source = _source(request, plane)
    return _application(request, Application(control_plane=plane), source)


@page("POST")
def application_typed(request: HttpRequest, pk: str) -> HttpResponse:
    rows = Application.objects.filter(control_plane=control_plane_of(request))
    return _application(request, get_object_or_404(rows.select_related("control_plane"), pk=pk))


@page("POST")
def api_typed_new(request: HttpRequest, application: str) -> HttpResponse:
    rows = Application.objects.filter(control_plane=control_plane_of(request))
    owner = get_object_or_404(rows.select_related("control_plane"), pk=application)
    return _api(request, Api(application=owner))


@page("POST")
def api_typed(request: HttpRequest, pk: str) -> HttpResponse:
    rows = Api.objects.filter(application__control_plane=control_plane_of(request))
    return _api(
        request, get_object_or_404(rows.select_related("application__control_plane"), pk=pk)
    )


def _application(
    request: HttpRequest, application: Application, source: Application | None = None
) -> HttpResponse:
    was = application.published
    editor = ApplicationEditor(application, request.POST, source=source)
    return _answer(
        request,
        save=lambda: editor.attempt(request.user),
        saved=lambda: dryrun.saved(application, was=was),
        parts=lambda: [editor.form, *editor.parts.in_order],
    )


def _api(request: HttpRequest, api: Api) -> HttpResponse:
    was = api.published
    form = ApiForm(request.POST, instance=api)
    return _answer(
        request,
        save=lambda: form.save_as(request.user),
        saved=lambda: dryrun.saved_api(api, was=was),
        parts=lambda: [form],
    )


def _answer(
    request: HttpRequest,
    *,
    save: Callable[[], bool],
    saved: Callable[[], Sketch],
    parts: Callable[[], Iterable[forms.BaseForm]],
) -> HttpResponse:
    too_many = throttling.refused(request, throttling.ReadingThrottle)
    if too_many:
        return render(request, "gateways/_typed.html", {"too_many": too_many})
    with dryrun.undone():
        sketched = saved() if save() else None
    if sketched is None:
        return render(request, "gateways/_typed.html", {"wrong": list(_wrong(parts()))})
    context: dict[str, Any] = {
        "as_if": sketched.as_if,
        "bare": sketched.spec is not None and not sketched.spec.apis,
    }
    try:
        context["effects"] = [told(one) for one in publishing.effects(sketched)]
    except RedisError:
        context["away"] = True
    return render(request, "gateways/_typed.html", context)


def _wrong(parts: Iterable[forms.BaseForm]) -> Iterable[Wrong]:
    for part in parts:
        for name, found in part.errors.items():
            whole = name == NON_FIELD_ERRORS
            field, label = ("", "") if whole else (part[name].auto_id, str(part[name].label))
            yield from (Wrong(field, label, str(text)) for text in found)


def _source(request: HttpRequest, plane: ControlPlane) -> Application | None:
    try:
        pk = uuid.UUID(request.GET.get("copy", ""))
    except ValueError:
        return None
    return get_object_or_404(Application.objects.filter(control_plane=plane), pk=pk)
