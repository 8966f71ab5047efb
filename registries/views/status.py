"""How one registry stands: the part of its page that renews itself, and the answer to the one
question that a status may ask."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from console.redis import RedisError
from console.ui.pages import page
from registries import actions, buckets, history, standing, truth
from registries.models import Registry
from registries.truth import Comparison

from .registries import rows_of

_SPELLS = 8


def picture(registry: Registry) -> dict[str, Any]:
    """What the templates of a status show."""
    found = standing.of([registry])[str(registry.pk)]
    status = found.status
    host, _colon, rest = status.worker.partition(":")
    return {
        "registry": registry,
        "standing": found,
        "comparison": _comparison(registry),
        "lags": buckets.of(status),
        "lag_half": buckets.within(status, 0.5),
        "lag_most": buckets.within(status, 0.99),
        # The rest of a holder's name only makes it unique.
        "worker": f"{host}:{rest.partition(':')[0]}" if rest else host,
        "spells": history.recent(str(registry.pk), limit=_SPELLS),
    }


@page()
def registry_live(request: HttpRequest, pk: str) -> HttpResponse:
    """The status on the detail page, which asks for it again and again."""
    registry = get_object_or_404(rows_of(request), pk=pk)
    return render(request, "registries/_registry_renewed.html", picture(registry))


@page("POST")
def registry_accept(request: HttpRequest, pk: str) -> HttpResponse:
    """Confirm that the cluster whose identity the form shows is the right one."""
    registry = get_object_or_404(rows_of(request), pk=pk)
    try:
        actions.accept_cluster(
            registry=registry, cluster=request.POST.get("cluster", ""), actor=request.user
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except RedisError:
        messages.error(request, _("Redis does not answer: what runs now is not known."))
    else:
        messages.success(request, _("The cluster is accepted; it is read anew."))
    return redirect("registries:registry-detail", registry.pk)


def _comparison(registry: Registry) -> Comparison:
    try:
        return truth.read([str(registry.pk)])[str(registry.pk)]
    except RedisError:
        return Comparison()
