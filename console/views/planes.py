"""Which control plane is shown, and making another."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from console import access, actions
from console.forms import ControlPlaneForm
from console.roles import Role
from console.ui import shown, toasts
from console.ui.pages import house_page, personal_page


@personal_page("POST")
def plane_switch(request: HttpRequest) -> HttpResponse:
    """Show another of one's control planes."""
    wanted = request.POST.get("control_plane")
    for seat in shown.seats(request):
        if str(seat.control_plane.pk) == wanted:
            shown.choose(request, seat)
            return redirect("console:overview")
    raise Http404


@house_page("GET", "POST")
def plane_create(request: HttpRequest) -> HttpResponse:
    form = ControlPlaneForm(request.POST or None)
    if request.method == "POST" and form.attempt(
        lambda: actions.create_control_plane(control_plane=form.instance, actor=request.user)
    ):
        shown.choose(request, access.Seat(form.instance, Role.ADMIN))
        toasts.done(
            request, _("The control plane “%(name)s” is created.") % {"name": form.instance.name}
        )
        return redirect("console:overview")
    return render(request, "console/plane_form.html", {"form": form})
