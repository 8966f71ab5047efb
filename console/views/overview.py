"""The first page: is everything true right now, and what to do if it is not."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from console.contract import keys
from console.models import ControlPlane
from console.overview import flow, latest, propagation, steps, troubles
from console.overview.verdict import verdict
from console.ui.pages import control_plane_of, page
from gateways import fleet
from gateways import standing as gateway_standing
from gateways.models import Gateway
from registries import standing as registry_standing
from registries.models import Registry

_TROUBLES = 6  # that are shown at once; the others are folded away
_TOPICS = 100  # registries that an open page hears of


@page()
def overview(request: HttpRequest) -> HttpResponse:
    return render(request, "console/overview.html", _look(request))


@page()
def overview_live(request: HttpRequest) -> HttpResponse:
    """The part of the overview that changes by itself: all of it."""
    return render(request, "console/_overview_live.html", _look(request))


def _look(request: HttpRequest) -> dict[str, Any]:
    control_plane = control_plane_of(request)
    of_plane = {"control_plane": control_plane}
    registries = registry_standing.with_standing(
        Registry.objects.filter(**of_plane).defer("token", "ca_bundle")
    )
    gateways = gateway_standing.with_standing(Gateway.objects.filter(**of_plane).defer("secret"))
    counts = steps.count(control_plane, registries=len(registries), gateways=len(gateways))
    found = troubles.gather(control_plane)
    picture = flow.draw(
        control_plane,
        registries,
        gateways,
        progress=gateway_standing.progress_of(str(control_plane.pk), gateways),
        fleets=fleet.of_plane(str(control_plane.pk), [str(row.pk) for row, _stands in gateways]),
        troubles=found,
        counts=counts,
    )
    return {
        "verdict": verdict(found, registries, gateways, counts),
        "troubles": found[:_TROUBLES],
        "more_troubles": found[_TROUBLES:],
        "steps": steps.left(counts),
        "flow": picture if registries or gateways else None,
        "propagation": propagation.of(stands.status for _row, stands in registries),
        "events": latest.of(control_plane, request.user, registries),
        "topics": _topics(control_plane, registries, gateways),
    }


def _topics(control_plane: ControlPlane, registries: Any, gateways: Any) -> str:
    """What the page listens to."""
    plane_id = str(control_plane.pk)
    return " ".join(
        [
            keys.rows(plane_id),
            keys.control_plane(plane_id),
            *(keys.gateway(str(row.pk)) for row, _stands in gateways),
            *(keys.registry(str(row.pk)) for row, _stands in registries[:_TOPICS]),
        ]
    )
