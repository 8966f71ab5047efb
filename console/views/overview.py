"""The first page: what there is, how it does, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from applications.models import Api, Application
from console import storage
from console.models import AuditEntry, ControlPlane
from console.redis import RedisError
from console.ui.pages import control_plane_of, page
from gateways import standing as gateway_standing
from gateways.models import Gateway
from registries import standing as registry_standing
from registries.models import Registry

_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way to the first answer through a gateway."""

    title: str
    text: str
    url: str
    done: bool


@page()
def overview(request: HttpRequest) -> HttpResponse:
    return render(request, "console/overview.html", _look(control_plane_of(request)))


@page()
def overview_live(request: HttpRequest) -> HttpResponse:
    """The part of the overview that changes by itself."""
    return render(request, "console/_overview_live.html", _look(control_plane_of(request)))


def _look(control_plane: ControlPlane) -> dict[str, Any]:
    registries = Registry.objects.filter(control_plane=control_plane)
    gateways = Gateway.objects.filter(control_plane=control_plane)
    applications = Application.objects.filter(control_plane=control_plane)
    apis = Api.objects.filter(application__control_plane=control_plane)
    counts = {
        "registries": registries.count(),
        "gateways": gateways.count(),
        "applications": applications.count(),
        "published_applications": applications.published().count(),
        "apis": apis.count(),
        "published_apis": apis.filter(published=True, application__published=True).count(),
    }
    try:
        stored = {"known": True, "warnings": storage.look().warnings()}
    except RedisError:
        stored = {"known": False, "warnings": []}
    return {
        "storage": stored,
        "counts": counts,
        "steps": _steps(counts),
        "registries": registry_standing.with_standing(registries[:_SHOWN]),
        "gateways": gateway_standing.with_standing(gateways[:_SHOWN]),
        "entries": AuditEntry.objects.select_related("actor")[:_SHOWN],
    }


def _steps(counts: dict[str, int]) -> list[Step]:
    """The way from nothing to the first answer; empty once it is gone."""
    steps = [
        Step(
            _("Connect a service registry"),
            _("Tell Portolan where a Kubernetes cluster is; it follows the addresses there."),
            reverse("registries:registry-create"),
            counts["registries"] > 0,
        ),
        Step(
            _("Add a gateway"),
            _("The data plane that answers your clients and is kept up to date."),
            reverse("gateways:gateway-create"),
            counts["gateways"] > 0,
        ),
        Step(
            _("Create an application"),
            _("Hosts and a path prefix, and the service behind them."),
            reverse("applications:application-create"),
            counts["applications"] > 0,
        ),
        Step(
            _("Publish an API"),
            _("Paths and methods of an application that may be called."),
            reverse("applications:application-list"),
            counts["published_apis"] > 0,
        ),
    ]
    return [] if all(step.done for step in steps) else steps
