"""The guided form of a registry, and the parts of it that answer while somebody types."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from console.ui import toasts
from console.ui.pages import control_plane_of, page
from registries import actions, rbac, verification
from registries.forms import RegistryPageForm, RightsForm, pasted
from registries.models import Registry

from .registries import rows_of


@page("GET", "POST")
def registry_create(request: HttpRequest) -> HttpResponse:
    registry = Registry(control_plane=control_plane_of(request))
    form = RegistryPageForm(request.POST or None, instance=registry)
    if request.method == "POST" and form.attempt(
        lambda: actions.create_registry(
            registry=registry, actor=request.user, verify=form.cleaned_data["verify"]
        )
    ):
        toasts.done(request, _("The registry “%s” is created.") % registry.name)
        return redirect("registries:registry-detail", registry.pk)
    return _shown(request, form)


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
        toasts.done(request, _("The registry “%s” is saved.") % registry.name)
        return redirect("registries:registry-detail", registry.pk)
    return _shown(request, form, registry=registry, name=name)


def tried(request: HttpRequest, registry: Registry, *, valid: bool) -> HttpResponse:
    """The whole form after a test, for a browser without JavaScript."""
    stages = verification.stages(verification.walk(registry)) if valid else None
    known = None if registry._state.adding else Registry.objects.get(pk=registry.pk)
    form = RegistryPageForm(request.POST, instance=known or Registry())
    form.is_valid()
    more: dict[str, Any] = {"registry": known, "name": known.name} if known else {}
    return _shown(request, form, stages=stages, **more)


@page("POST")
def registry_kubeconfig(request: HttpRequest) -> HttpResponse:
    """What a kubeconfig says that was just pasted: the part below its box."""
    reading = pasted.read(request.POST)
    context = {
        "reading": reading,
        "problems": reading.problems,
        "context_problems": [reading.context_problem] if reading.context_problem else [],
        "fillings": pasted.fillings(reading),
        "seen": pasted.seal_of(request.POST, reading),
        "fresh": True,
    }
    return render(request, "registries/_kubeconfig_said.html", context)


@page()
def registry_rbac(request: HttpRequest) -> HttpResponse:
    """The manifest for what is chosen: a part of the form's page, or a file."""
    form = RightsForm(request.GET)
    if "download" in request.GET and form.is_valid():
        answer = HttpResponse(rbac.manifest(form.wish()), content_type="application/yaml")
        answer["Content-Disposition"] = f'attachment; filename="{rbac.FILE}"'
        return answer
    return render(request, "registries/_rbac_manifest.html", _rights(request.GET))


def _rights(data: QueryDict) -> dict[str, Any]:
    form = RightsForm(data)
    if not form.is_valid():
        return {"rights": form, "manifest": ""}
    wish = form.wish()
    return {
        "rights": form,
        "manifest": rbac.manifest(wish),
        "commands": rbac.commands(wish),
        "home": wish.home,
        "download": data.urlencode(),
    }


def _wished(form: RegistryPageForm) -> QueryDict:
    """What the manifest is first shown for: the scope that the form has."""
    data = QueryDict(mutable=True)
    data.update(
        {
            "namespaces": form.fields["namespaces"].prepare_value(form["namespaces"].value()) or "",
            "resource": str(form["resource"].value()),
            "rbac_token": rbac.TokenBy.SECRET.value,
            "rbac_home": rbac.HOME,
            "rbac_identity": "on",
        }
    )
    return data


def _shown(request: HttpRequest, form: RegistryPageForm, **more: Any) -> HttpResponse:
    context = {
        "form": form,
        "reading": form.reading,
        "problems": form.errors.get("kubeconfig", []),
        "context_problems": form.errors.get("context", []),
        "stages": None,
        **_rights(_wished(form)),
        **more,
    }
    return render(request, "registries/registry_form.html", context)
