"""APIs of an application: create, look at, change, publish, delete."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from applications import actions
from applications.forms import ApiForm
from applications.models import Api
from console.audit import Actor
from console.ui.forms import ConfirmForm
from console.ui.pages import control_plane_of, page

from .applications import rows_of as applications_of


def rows_of(request: HttpRequest) -> QuerySet[Api]:
    return Api.objects.filter(application__control_plane=control_plane_of(request)).select_related(
        "application__control_plane"
    )


@page("GET", "POST")
def api_create(request: HttpRequest, application: str) -> HttpResponse:
    owner = get_object_or_404(applications_of(request), pk=application)
    form = ApiForm(request.POST or None, instance=Api(application=owner))
    if request.method == "POST" and form.attempt(lambda: _save(form, actor=request.user)):
        messages.success(request, _("The API “%s” is created.") % form.instance.name)
        return redirect("applications:application-detail", owner.pk)
    return render(request, "applications/api_form.html", {"form": form, "application": owner})


@page("GET", "POST")
def api_edit(request: HttpRequest, pk: str) -> HttpResponse:
    api = get_object_or_404(rows_of(request), pk=pk)
    name = api.name
    form = ApiForm(request.POST or None, instance=api, initial={"publish": api.published})
    if request.method == "POST" and form.attempt(lambda: _save(form, actor=request.user)):
        messages.success(request, _("The API “%s” is saved.") % api.name)
        return redirect("applications:application-detail", api.application_id)
    context = {"form": form, "application": api.application, "api": api, "name": name}
    return render(request, "applications/api_form.html", context)


@page("POST")
def api_publish(request: HttpRequest, pk: str) -> HttpResponse:
    api = get_object_or_404(rows_of(request), pk=pk)
    actions.publish_api(api=api, actor=request.user)
    messages.success(request, _("“%s” is published.") % api.name)
    return redirect("applications:application-detail", api.application_id)


@page("POST")
def api_unpublish(request: HttpRequest, pk: str) -> HttpResponse:
    api = get_object_or_404(rows_of(request), pk=pk)
    actions.unpublish_api(api=api, actor=request.user)
    messages.success(request, _("“%s” is no longer published.") % api.name)
    return redirect("applications:application-detail", api.application_id)


@page("GET", "POST")
def api_delete(request: HttpRequest, pk: str) -> HttpResponse:
    api = get_object_or_404(rows_of(request), pk=pk)
    back = reverse("applications:application-detail", args=[api.application_id])
    form = ConfirmForm(request.POST or None, expected=api.name)
    if request.method == "POST" and form.attempt(
        lambda: actions.delete_api(api=api, actor=request.user)
    ):
        messages.success(request, _("The API “%s” is deleted.") % api.name)
        return redirect(back)
    context = {
        "form": form,
        "name": api.name,
        "back": back,
        "trail": [
            (_("Applications"), reverse("applications:application-list")),
            (api.application.name, back),
            (api.name, reverse("applications:api-edit", args=[pk])),
        ],
        "consequence": _("Gateways stop answering its paths."),
    }
    return render(request, "_confirm_delete.html", context)


def _save(form: ApiForm, *, actor: Actor) -> None:
    """Save the API and set its switch, both or neither."""
    api, publish = form.instance, form.cleaned_data["publish"]
    with transaction.atomic():
        if api._state.adding:
            actions.create_api(api=api, actor=actor)
        else:
            actions.change_api(api=api, actor=actor)
        verb = actions.publish_api if publish else actions.unpublish_api
        verb(api=api, actor=actor)
