"""A new token for a registry, tried before the old one is given up."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from console.secrets import Secret
from console.ui import toasts
from console.ui.pages import page
from registries import actions, rbac
from registries.forms import TokenForm
from registries.kube import tokens
from registries.models import Registry

from .registries import rows_of


@page("GET", "POST")
def registry_rotate(request: HttpRequest, pk: str) -> HttpResponse:
    registry = get_object_or_404(rows_of(request), pk=pk)
    form = TokenForm(request.POST or None, registry=registry)
    if request.method == "POST" and form.attempt(
        lambda: actions.rotate_token(
            registry=registry, token=Secret(form.pasted_token), actor=request.user
        )
    ):
        toasts.done(request, _("The token of “%s” is replaced.") % registry.name)
        return redirect("registries:registry-detail", registry.pk)
    return render(request, "registries/registry_rotate.html", _context(registry, form))


@page("POST")
def registry_rotate_look(request: HttpRequest, pk: str) -> HttpResponse:
    """What a pasted token says about itself: a part of the page."""
    registry = get_object_or_404(rows_of(request), pk=pk)
    form = TokenForm(request.POST, registry=registry)
    form.is_valid()
    return render(request, "registries/_rotate_look.html", _context(registry, form))


def described(token: str) -> dict[str, Any]:
    """Whose a token is and when it ends, as it says itself; nothing of the token."""
    return {"account": tokens.account(token), "ends": tokens.expires_at(token)}


def _context(registry: Registry, form: TokenForm) -> dict[str, Any]:
    token = form.pasted_token
    stored = described(registry.token.reveal())
    home, _colon, account = stored["account"].partition(":")
    return {
        "look_url": reverse("registries:registry-rotate-look", args=[registry.pk]),
        "make_token": f"kubectl -n {home or rbac.HOME} create token {account or rbac.ACCOUNT}"
        f" --duration={rbac.DURATION}",
        "registry": registry,
        "form": form,
        "reading": form.reading,
        "problems": form.errors.get("kubeconfig", []),
        "context_problems": form.errors.get("context", []),
        "stored": stored,
        "new": described(token) if token else None,
    }
