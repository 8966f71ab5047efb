"""Anything of the control plane by a part of its name, a node by its address."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from console.finding import find
from console.ui.pages import control_plane_of, page

_LONGEST = 200  # characters


@page()
def found(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "")[:_LONGEST]
    context = {"q": text, "found": find(control_plane_of(request), text)}
    live = request.headers.get("HX-Request")
    return render(request, "console/_found.html" if live else "console/find.html", context)
