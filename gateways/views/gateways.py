"""Gateways: list, create, change, switch, delete."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from console.contract import keys
from console.ui import shown, toasts
from console.ui.forms import ConfirmForm
from console.ui.lists import Column, Listing, export
from console.ui.pages import control_plane_of, page
from gateways import actions, drivers, fleet, standing
from gateways.fleet import Fleet
from gateways.forms import GatewayFilterForm, GatewayPageForm
from gateways.models import Gateway

_SORTS = {
    "name": ["name"],
    "kind": ["kind", "name"],
    "url": ["url"],
}


def rows_of(request: HttpRequest) -> QuerySet[Gateway]:
    return Gateway.objects.filter(control_plane=control_plane_of(request))


@page()
def gateway_list(request: HttpRequest) -> HttpResponse:
    """The list; asked for by htmx, only its rows."""
    form = GatewayFilterForm(request.GET)
    listing = Listing(request, _wanted(request, form), sorts=_SORTS, default="name")
    plane_id = str(control_plane_of(request).pk)
    file = export(request, _told(plane_id, listing.rows), _columns(), name="gateways")
    if file is not None:
        return cast(HttpResponse, file)
    rows = listing.page
    told = _told(plane_id, rows.object_list)
    context = {
        "form": form,
        "filtered": any(request.GET.get(name) for name in form.fields),
        "listing": listing,
        "page": rows,
        "gateways": told,
        "topics": " ".join(
            [
                keys.rows(plane_id),
                keys.control_plane(plane_id),
                *(keys.gateway(str(row.pk)) for row, *_rest in told),
            ]
        ),
    }
    live = request.headers.get("HX-Request")
    template = "gateways/_gateway_table.html" if live else "gateways/gateway_list.html"
    return render(request, template, context)


def form_of(request: HttpRequest, gateway: Gateway) -> GatewayPageForm:
    """The form of a gateway for who asks: its address is an administrator's to give."""
    form = GatewayPageForm(request.POST or None, instance=gateway)
    if not shown.may(request).administer:
        form.fields["url"].disabled = True
        form.fields["url"].help_text = actions.ADDRESS_IS_GIVEN
    return form


@page("GET", "POST")
def gateway_create(request: HttpRequest) -> HttpResponse:
    first = next(iter(drivers.KINDS))
    gateway = Gateway(control_plane=control_plane_of(request), kind=first)
    form = form_of(request, gateway)
    if request.method == "POST" and form.attempt(
        lambda: actions.create_gateway(gateway=gateway, actor=request.user)
    ):
        toasts.done(request, _("The gateway “%s” is created.") % gateway.name)
        return redirect("gateways:gateway-detail", gateway.pk)
    return render(request, "gateways/gateway_form.html", {"form": form})


@page("GET", "POST")
def gateway_edit(request: HttpRequest, pk: str) -> HttpResponse:
    gateway = get_object_or_404(rows_of(request), pk=pk)
    name = gateway.name
    form = form_of(request, gateway)
    if request.method == "POST" and form.attempt(
        lambda: actions.change_gateway(gateway=gateway, actor=request.user)
    ):
        toasts.done(request, _("The gateway “%s” is saved.") % gateway.name)
        return redirect("gateways:gateway-detail", gateway.pk)
    context = {"form": form, "gateway": gateway, "name": name}
    return render(request, "gateways/gateway_form.html", context)


@page("POST")
def gateway_switch(request: HttpRequest, pk: str) -> HttpResponse:
    """Enable or disable; the toast takes it back."""
    gateway = get_object_or_404(rows_of(request), pk=pk)
    gateway.enabled = request.POST.get("enabled") == "1"
    try:
        actions.change_gateway(gateway=gateway, actor=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        text = _("“%s” is enabled.") if gateway.enabled else _("“%s” is disabled.")
        toasts.done(
            request,
            text % gateway.name,
            undo=reverse("gateways:gateway-switch", args=[pk]),
            fields={"enabled": "0" if gateway.enabled else "1"},
        )
    return redirect("gateways:gateway-detail", gateway.pk)


@page("GET", "POST")
def gateway_delete(request: HttpRequest, pk: str) -> HttpResponse:
    gateway = get_object_or_404(rows_of(request), pk=pk)
    back = reverse("gateways:gateway-detail", args=[pk])
    form = ConfirmForm(request.POST or None, expected=gateway.name)
    if request.method == "POST" and form.attempt(
        lambda: actions.delete_gateway(gateway=gateway, actor=request.user)
    ):
        toasts.done(request, _("The gateway “%s” is deleted.") % gateway.name)
        return redirect("gateways:gateway-list")
    context = {
        "form": form,
        "name": gateway.name,
        "back": back,
        "trail": [(_("Gateways"), reverse("gateways:gateway-list")), (gateway.name, back)],
        "consequence": _(
            "Portolan forgets the gateway. What it has been given stays with it: "
            "it goes on serving that, and gets nothing new."
        ),
    }
    return render(request, "_confirm_delete.html", context)


Told = tuple[Gateway, standing.Standing, standing.Progress, Fleet]


def _wanted(request: HttpRequest, form: GatewayFilterForm) -> QuerySet[Gateway]:
    """The rows that the filters leave. States are no columns: what the drivers say is asked for
    all rows, which are few."""
    rows = rows_of(request).defer("secret")
    if not form.is_valid():
        return rows
    chosen = form.cleaned_data
    if chosen["q"]:
        text = chosen["q"]
        rows = rows.filter(
            Q(name__icontains=text) | Q(description__icontains=text) | Q(url__icontains=text)
        )
    if chosen["kind"]:
        rows = rows.filter(kind=chosen["kind"])
    if chosen["state"]:
        fitting = [
            row.pk
            for row, stands in standing.with_standing(rows)
            if standing.phase_of(row, stands) == chosen["state"]
        ]
        rows = rows.filter(pk__in=fitting)
    return rows


def _told(control_plane_id: str, rows: Any) -> list[Told]:
    """Rows with how they stand and how far they are; four looks into Redis."""
    found = standing.with_standing(rows)
    progress = standing.progress_of(control_plane_id, found)
    known = fleet.of_plane(control_plane_id, [str(row.pk) for row, _stands in found])
    return [(row, stands, progress[str(row.pk)], known[str(row.pk)]) for row, stands in found]


def _columns() -> list[Column[Told]]:
    return [
        Column("name", lambda one: one[0].name),
        Column("kind", lambda one: one[0].kind),
        Column("address", lambda one: one[0].url),
        Column("enabled", lambda one: one[0].enabled),
        Column("state", lambda one: standing.phase_of(one[0], one[1])),
        Column("reason", lambda one: one[1].status.text),
        Column("applied", lambda one: one[1].status.applied),
        Column("behind", lambda one: one[2].behind),
        Column("lag_ms", lambda one: one[1].status.lag_ms),
        Column("resources", lambda one: one[1].status.resources),
        Column("instances", lambda one: len(one[3].members)),
        Column("healthy_instances", lambda one: one[3].healthy),
        Column("by_agent", lambda one: one[0].by_agent),
    ]
