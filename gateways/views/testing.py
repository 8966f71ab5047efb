"""Trying a gateway: with what is stored, or with what a form holds before it is saved."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from console.ui.pages import control_plane_of, page
from gateways import actions, throttling, verification
from gateways.models import Gateway
from gateways.views.gateways import form_of, rows_of


@page("POST")
def gateway_test_new(request: HttpRequest) -> HttpResponse:
    """Try what the form of a new gateway holds; answers a part of a page."""
    return _try_form(request, Gateway(control_plane=control_plane_of(request)))


@page("POST")
def gateway_test(request: HttpRequest, pk: str) -> HttpResponse:
    """Try a gateway: as its form holds it if one is sent, else as it is stored."""
    gateway = get_object_or_404(rows_of(request), pk=pk)
    if "kind" in request.POST:
        return _try_form(request, gateway)
    return _answer(request, gateway)


def _try_form(request: HttpRequest, gateway: Gateway) -> HttpResponse:
    form = form_of(request, gateway)
    if not form.is_valid():
        errors = [
            f"{form.fields[name].label}: {text}" if name in form.fields else str(text)
            for name, found in form.errors.items()
            for text in found
        ]
        return render(request, "gateways/_test_result.html", {"errors": errors})
    if not gateway._state.adding:
        try:
            actions.refuse_detour(Gateway.objects.get(pk=gateway.pk), gateway)
        except ValidationError as error:
            return render(request, "gateways/_test_result.html", {"errors": error.messages})
    return _answer(request, gateway)


def _answer(request: HttpRequest, gateway: Gateway) -> HttpResponse:
    too_many = throttling.refused(request)
    if too_many:
        return render(request, "gateways/_test_result.html", {"too_many": too_many})
    results = verification.examine(gateway)
    context = {"results": results, "passed": all(one.ok for one in results)}
    return render(request, "gateways/_test_result.html", context)
