"""What is done to a registry with one press: pause, resume, read anew, delete."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.ui.forms import ConfirmForm
from console.ui.pages import page
from console.ui.toasts import done
from registries import actions
from registries.models import Registry

from .registries import rows_of

_NAMED = 20  # applications that are named where a registry is deleted


@page("POST")
def registry_switch(request: HttpRequest, pk: str) -> HttpResponse:
    """Pause or resume. The cluster is not asked: a registry may be resumed while it is away."""
    registry = get_object_or_404(rows_of(request), pk=pk)
    before = registry.enabled
    registry.enabled = request.POST.get("enabled") == "1"
    try:
        actions.change_registry(registry=registry, actor=request.user, verify=False)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        if registry.enabled:
            text = _("“%(name)s” is watched again.") % {"name": registry.name}
        else:
            text = _("“%(name)s” is paused; its nodes stay as they are.") % {"name": registry.name}
        done(
            request,
            text,
            undo=reverse("registries:registry-switch", args=[pk]),
            fields={"enabled": "1" if before else "0"},
        )
    return redirect("registries:registry-detail", registry.pk)


@page("POST")
def registry_resync(request: HttpRequest, pk: str) -> HttpResponse:
    """Ask for everything to be read anew; the page shows when it is done."""
    registry = get_object_or_404(rows_of(request), pk=pk)
    try:
        actions.resync_registry(registry=registry, actor=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("registries:registry-detail", registry.pk)


@page("GET", "POST")
def registry_delete(request: HttpRequest, pk: str) -> HttpResponse:
    registry = get_object_or_404(rows_of(request), pk=pk)
    back = reverse("registries:registry-detail", args=[pk])
    form = ConfirmForm(request.POST or None, expected=registry.name)
    if request.method == "POST" and form.attempt(
        lambda: actions.delete_registry(registry=registry, actor=request.user)
    ):
        messages.success(
            request, _("The registry “%(name)s” is deleted.") % {"name": registry.name}
        )
        return redirect("registries:registry-list")
    return render(
        request,
        "registries/registry_delete.html",
        {
            "form": form,
            "registry": registry,
            "name": registry.name,
            "back": back,
            "users": _users(registry),
            "trail": [
                (_("Control Plane"), ""),
                (_("Settings"), reverse("console:settings-general")),
                (_("Service Registry"), reverse("registries:registry-list")),
                (registry.name, back),
            ],
            "consequence": _(
                "The cluster is watched no longer and its token is forgotten. "
                "The cluster itself is not touched."
            ),
        },
    )


def _users(registry: Registry) -> dict[str, object]:
    """The applications that follow a service of it, and in words why that prevents deleting."""
    # Another room's rows, which point here by this name.
    found = list(
        registry.members.order_by("upstream__application__name")
        .values_list("upstream__application_id", "upstream__application__name")
        .distinct()
    )
    text = ngettext(
        "%(n)d application follows a service of it. Point it elsewhere first: else it would have"
        " no nodes.",
        "%(n)d applications follow services of it. Point them elsewhere first: else they would"
        " have no nodes.",
        len(found),
    ) % {"n": len(found)}
    return {
        "text": text if found else "",
        "applications": found[:_NAMED],
        "more": max(0, len(found) - _NAMED),
    }
