"""How one registry stands: the parts of its page that renew themselves, and the answer to the one
question that a status may ask."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from console import lags
from console.contract import keys
from console.redis import RedisError
from console.ui.forms import ConfirmForm
from console.ui.lists import Column, Listed, export
from console.ui.pages import page
from console.ui.troubles import silent
from registries import actions, history, oddities, standing, strip, truth, wording
from registries.health import Status
from registries.history import Spell
from registries.models import Registry
from registries.truth import Comparison

from .registries import rows_of

_TOLD = 8  # spells of a page of the table
_DRAWN = 500  # spells of the strip
_PATIENCE = 600_000  # milliseconds for which a resync is worth a word

COLUMNS: tuple[Column[Spell], ...] = (
    Column("began", lambda one: one.transition.at.isoformat()),
    Column("ended", lambda one: one.ended_at.isoformat() if one.ended_at else None),
    Column("seconds", lambda one: round(one.lasted.total_seconds(), 3)),
    Column("phase", lambda one: one.transition.phase),
    Column("reason", lambda one: one.transition.reason),
    Column("text", lambda one: one.transition.text),
)


@dataclass(frozen=True, slots=True)
class Resync:
    """What became of the last request to read everything anew. `pending`: it is not met yet. `at`
    is when it was met, 0 if that is no news any more. `headline` says what `error` means; it may be
    empty."""

    pending: bool
    at: int
    different: int | None
    error: str
    headline: str


def resync_of(registry: Registry, status: Status) -> Resync:
    waits = registry.enabled and registry.resync > status.resync
    recent = time.time() * 1000 - registry.resync < _PATIENCE
    at = status.resync_at if recent and not waits else 0
    return Resync(
        waits and recent,
        at,
        status.resync_different,
        status.resync_error,
        wording.headline(status.resync_reason),
    )


def picture(request: HttpRequest, registry: Registry) -> dict[str, Any]:
    """What the templates of a status show. One query."""
    found = standing.of([registry])[str(registry.pk)]
    status, comparison = found.status, _comparison(registry)
    host, _colon, rest = status.worker.partition(":")
    span = request.GET.get("span", "")
    span = span if span in strip.SPANS else "24h"
    spells = history.recent(str(registry.pk), limit=_DRAWN)
    now = timezone.now()
    return {
        "registry": registry,
        "standing": found,
        "words": wording.of(status) if registry.enabled else wording.Words(),
        "resync": resync_of(registry, status),
        "oddities": list(oddities.of(registry, status)),
        "left_out": oddities.left_out(status.refused),
        "silent": found.known and silent(registry, status, int(time.time() * 1000)),
        "comparison": comparison,
        "not_compared": wording.headline(comparison.reason),
        "lags": lags.of(status),
        "lag_half": lags.within(status, 0.5),
        "lag_most": lags.within(status, 0.99),
        # The rest of a holder's name only makes it unique.
        "worker": f"{host}:{rest.partition(':')[0]}" if rest else host,
        "spells": Listed(request, spells, param="history", size=_TOLD).page,
        "strip": strip.draw(spells, span=span, now=now),
        "ticks": strip.ticks(span, now),
        "spans": [(name, label) for name, (_length, label) in strip.SPANS.items()],
        "topics": f"{keys.registry(str(registry.pk))} {keys.rows(str(registry.control_plane_id))}",
    }


@page()
def registry_live(request: HttpRequest, pk: str) -> HttpResponse:
    """The status on the detail page, which asks for it whenever it changed."""
    registry = get_object_or_404(rows_of(request), pk=pk)
    return render(request, "registries/_registry_renewed.html", picture(request, registry))


@page()
def registry_history(request: HttpRequest, pk: str) -> HttpResponseBase:
    """The history alone; with ``?format=`` all that is kept of it, as a file."""
    registry = get_object_or_404(rows_of(request), pk=pk)
    found = history.recent(str(registry.pk), limit=history.KEPT)
    if file := export(request, found, COLUMNS, name="history"):
        return file
    part: HttpResponse = render(
        request, "registries/_registry_history.html", picture(request, registry)
    )
    return part


@page("GET", "POST")
def registry_accept(request: HttpRequest, pk: str) -> HttpResponse:
    """Confirm that the cluster whose identity the form shows is the right one. What it does not
    have is removed, so the registry's name is asked for."""
    registry = get_object_or_404(rows_of(request), pk=pk)
    back = reverse("registries:registry-detail", args=[pk])
    cluster = (request.POST or request.GET).get("cluster", "")
    refusal = _("This is not the name. Nothing was accepted.")
    form = ConfirmForm(request.POST or None, expected=registry.name, refusal=refusal)
    if request.method == "POST" and form.attempt(lambda: _accept(request, registry, cluster)):
        return redirect(back)
    context = {
        "form": form,
        "name": registry.name,
        "back": back,
        "trail": [
            (_("Service Registry"), reverse("registries:registry-list")),
            (registry.name, back),
        ],
        "deed": _("This is the right cluster"),
        "symbol": "check",
        "question": _("Is this the right cluster?"),
        "consequence": _(
            "What it says is published, and what it does not have is removed from the gateways."
        ),
        "facts": [(_("Its identity (uid of the namespace kube-system):"), cluster)],
        "hidden": {"cluster": cluster},
    }
    return render(request, "_confirm.html", context)


def _accept(request: HttpRequest, registry: Registry, cluster: str) -> None:
    """What is refused is said on the registry's page: it shows which cluster it is now."""
    try:
        actions.accept_cluster(registry=registry, cluster=cluster, actor=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except RedisError:
        messages.error(request, _("Redis does not answer: what runs now is not known."))
    else:
        messages.success(request, _("The cluster is accepted; it is read anew."))


def _comparison(registry: Registry) -> Comparison:
    try:
        return truth.read([str(registry.pk)])[str(registry.pk)]
    except RedisError:
        return Comparison()
