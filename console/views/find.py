"""Anything of the control plane by a part of its name, a node by its address."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.throttling import UserRateThrottle

from console.finding import address_in, find
from console.ui.pages import control_plane_of, page
from gateways.throttling import refused

_LONGEST = 200  # characters


class AddressThrottle(UserRateThrottle):
    """Whose an address is costs a reading of all that the watchers have published."""

    scope = "addresses"
    rate = "30/min"


@page()
def found(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").replace("\0", "")[:_LONGEST]  # which PostgreSQL refuses
    too_many = refused(request, AddressThrottle) if address_in(text) else ""
    context = {
        "q": text,
        "found": find(control_plane_of(request), text, nodes=not too_many),
        "too_many": too_many,
    }
    live = request.headers.get("HX-Request")
    return render(request, "console/_found.html" if live else "console/find.html", context)
