"""The pages of gateways."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from console.ui.forms import ConfirmForm
from console.ui.pages import control_plane_of, page, paginate
from gateways import actions, standing
from gateways.forms import GatewayForm
from gateways.models import Gateway


def rows_of(request: HttpRequest) -> QuerySet[Gateway]:
    return Gateway.objects.filter(control_plane=control_plane_of(request))


@page()
def gateway_list(request: HttpRequest) -> HttpResponse:
    rows = rows_of(request).annotate(instance_count=Count("instances")).order_by("name")
    shown = paginate(request, rows)
    context = {"page": shown, "gateways": standing.with_standing(shown.object_list)}
    return render(request, "gateways/gateway_list.html", context)


@page("GET", "POST")
def gateway_create(request: HttpRequest) -> HttpResponse:
    gateway = Gateway(control_plane=control_plane_of(request))
    form = GatewayForm(request.POST or None, instance=gateway)
    if request.method == "POST" and form.attempt(
        lambda: actions.create_gateway(gateway=gateway, actor=request.user)
    ):
        messages.success(request, _("The gateway “%s” is created.") % gateway.name)
        return redirect("gateways:gateway-detail", gateway.pk)
    return render(request, "gateways/gateway_form.html", {"form": form})


@page("GET", "POST")
def gateway_edit(request: HttpRequest, pk: str) -> HttpResponse:
    gateway = get_object_or_404(rows_of(request), pk=pk)
    name = gateway.name
    form = GatewayForm(request.POST or None, instance=gateway)
    if request.method == "POST" and form.attempt(
        lambda: actions.change_gateway(gateway=gateway, actor=request.user)
    ):
        messages.success(request, _("The gateway “%s” is saved.") % gateway.name)
        return redirect("gateways:gateway-detail", gateway.pk)
    context = {"form": form, "gateway": gateway, "name": name}
    return render(request, "gateways/gateway_form.html", context)


@page()
def gateway_detail(request: HttpRequest, pk: str) -> HttpResponse:
    """A gateway and what it says of itself; asked for by htmx, only the part that changes."""
    gateway = get_object_or_404(rows_of(request), pk=pk)
    context = {
        "gateway": gateway,
        "standing": standing.of([gateway])[str(gateway.pk)],
        "instances": gateway.instances.all(),
    }
    live = request.headers.get("HX-Request")
    template = "gateways/_gateway_live.html" if live else "gateways/gateway_detail.html"
    return render(request, template, context)


@page("GET", "POST")
def gateway_delete(request: HttpRequest, pk: str) -> HttpResponse:
    gateway = get_object_or_404(rows_of(request), pk=pk)
    back = reverse("gateways:gateway-detail", args=[pk])
    form = ConfirmForm(request.POST or None, expected=gateway.name)
    if request.method == "POST" and form.attempt(
        lambda: actions.delete_gateway(gateway=gateway, actor=request.user)
    ):
        messages.success(request, _("The gateway “%s” is deleted.") % gateway.name)
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
