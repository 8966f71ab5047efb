"""The running processes of a gateway: a part of its page, and as a file."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from console.ui.lists import Column, export
from console.ui.pages import page
from gateways import fleet
from gateways.fleet import Member
from gateways.views.gateways import rows_of


@page()
def gateway_instances(request: HttpRequest, pk: str) -> HttpResponse:
    """The instances as they stand now; with ``?format=`` as a file."""
    gateway = get_object_or_404(rows_of(request).defer("secret"), pk=pk)
    found = fleet.of([gateway])[str(gateway.pk)]
    file = export(request, found.members, _columns(), name="instances")
    if file is not None:
        return cast(HttpResponse, file)
    return render(request, "gateways/_instances.html", {"gateway": gateway, "fleet": found})


def _columns() -> list[Column[Member]]:
    return [
        Column("id", lambda one: one.instance.id),
        Column("hostname", lambda one: one.instance.hostname),
        Column("version", lambda one: one.instance.version),
        Column("by", lambda one: one.instance.by),
        Column("state", lambda one: one.state.value),
        Column("applied", lambda one: one.instance.applied),
        Column("behind", lambda one: one.behind),
        Column("behind_ms", lambda one: one.behind_ms),
        Column("lag_ms", lambda one: one.instance.lag_ms),
        Column("refuses", lambda one: one.instance.refuses),
        Column("registered_at", lambda one: one.instance.registered_at),
        Column("seen_at", lambda one: one.instance.seen_at),
    ]
