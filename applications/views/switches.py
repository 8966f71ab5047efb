"""The publish switches: what they answer, and the way back."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from applications.models import Api, Application
from console.ui.toasts import done


def switched(
    request: HttpRequest, row: Application | Api, *, back: str, part: str, context: dict[str, Any]
) -> HttpResponse:
    """Answer a switch: to htmx with `part`, the row as it is now, else with the page that it was
    pressed on or `back`. Either way the undo leads to where the person is."""
    here = _here(request, back)
    verb = "unpublish" if row.published else "publish"
    text = _("“%s” is published.") if row.published else _("“%s” is no longer published.")
    undo = reverse(f"applications:{row._meta.model_name}-{verb}", args=[row.pk])
    done(request, text % row.name, undo=undo, fields={"next": here})
    if "HX-Request" in request.headers:
        return render(request, part, context)
    return redirect(here)


def _here(request: HttpRequest, back: str) -> str:
    wanted = request.POST.get("next", "")
    host = {request.get_host()}
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=host) else back
