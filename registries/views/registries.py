"""Registries: create, change, test."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from console.ui.pages import control_plane_of, page
from registries import actions, verification
from registries.forms import RegistryPageForm
from registries.models import Registry


def rows_of(request: HttpRequest) -> QuerySet[Registry]:
    return Registry.objects.filter(control_plane=control_plane_of(request))


@page("GET", "POST")
def registry_create(request: HttpRequest) -> HttpResponse:
    registry = Registry(control_plane=control_plane_of(request))
    form = RegistryPageForm(request.POST or None, instance=registry)
    if request.method == "POST" and form.attempt(
        lambda: actions.create_registry(
            registry=registry, actor=request.user, verify=form.cleaned_data["verify"]
        )
    ):
        messages.success(request, _("The registry “%s” is created.") % registry.name)
        return redirect("registries:registry-detail", registry.pk)
    return render(request, "registries/registry_form.html", {"form": form})


@page("GET", "POST")
def registry_edit(request: HttpRequest, pk: str) -> HttpResponse:
    registry = get_object_or_404(rows_of(request), pk=pk)
    name = registry.name
    form = RegistryPageForm(request.POST or None, instance=registry)
    if request.method == "POST" and form.attempt(
        lambda: actions.change_registry(
            registry=registry, actor=request.user, verify=form.cleaned_data["verify"]
        )
    ):
        messages.success(request, _("The registry “%s” is saved.") % registry.name)
        return redirect("registries:registry-detail", registry.pk)
    return render(
        request, "registries/registry_form.html", {"form": form, "registry": registry, "name": name}
    )


@page("POST")
def registry_test(request: HttpRequest, pk: str) -> HttpResponse:
    """Ask the cluster step by step with the stored settings; answers a part of a page."""
    registry = get_object_or_404(rows_of(request), pk=pk)
    context: dict[str, Any] = {"registry": registry}
    try:
        context["findings"] = verification.verify(registry)
    except ValidationError as error:
        context["errors"] = error.messages
    return render(request, "registries/_test_result.html", context)
