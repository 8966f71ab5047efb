"""Registries: list, create, change, switch, test, delete."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from console.ui.forms import ConfirmForm
from console.ui.pages import control_plane_of, page, paginate
from registries import actions, standing, verification
from registries.forms import RegistryPageForm
from registries.models import Registry


def rows_of(request: HttpRequest) -> QuerySet[Registry]:
    return Registry.objects.filter(control_plane=control_plane_of(request))


@page()
def registry_list(request: HttpRequest) -> HttpResponse:
    # What uses a registry is another room's business; its rows point here by this name.
    rows = (
        rows_of(request)
        .annotate(used_by=Count("members__upstream__application", distinct=True))
        .order_by("name")
    )
    shown = paginate(request, rows)
    context = {"page": shown, "registries": standing.with_standing(shown.object_list)}
    part = "registries/_registry_table.html"
    whole = "registries/registry_list.html"
    return render(request, part if request.headers.get("HX-Request") else whole, context)


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
def registry_switch(request: HttpRequest, pk: str) -> HttpResponse:
    """Enable or disable. The cluster is not asked: a registry may be enabled while it is away."""
    registry = get_object_or_404(rows_of(request), pk=pk)
    registry.enabled = request.POST.get("enabled") == "1"
    try:
        actions.change_registry(registry=registry, actor=request.user, verify=False)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        done = _("“%s” is enabled.") if registry.enabled else _("“%s” is disabled.")
        messages.success(request, done % registry.name)
    return redirect("registries:registry-detail", registry.pk)


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


@page("GET", "POST")
def registry_delete(request: HttpRequest, pk: str) -> HttpResponse:
    registry = get_object_or_404(rows_of(request), pk=pk)
    back = reverse("registries:registry-detail", args=[pk])
    form = ConfirmForm(request.POST or None, expected=registry.name)
    if request.method == "POST" and form.attempt(
        lambda: actions.delete_registry(registry=registry, actor=request.user)
    ):
        messages.success(request, _("The registry “%s” is deleted.") % registry.name)
        return redirect("registries:registry-list")
    return render(
        request,
        "_confirm_delete.html",
        {
            "form": form,
            "name": registry.name,
            "back": back,
            "trail": [
                (_("Service Registry"), reverse("registries:registry-list")),
                (registry.name, back),
            ],
            "consequence": _(
                "The cluster is watched no longer and its token is forgotten. "
                "The cluster itself is not touched."
            ),
        },
    )
