"""Settings of the control plane itself."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from console import actions
from console.forms import ControlPlaneForm
from console.roles import Role
from console.ui.pages import control_plane_of, page


@page("GET", "POST", role=Role.ADMIN)
def general(request: HttpRequest) -> HttpResponse:
    control_plane = control_plane_of(request)
    form = ControlPlaneForm(request.POST or None, instance=control_plane)
    if request.method == "POST" and form.attempt(
        lambda: actions.change_control_plane(control_plane=form.instance, actor=request.user)
    ):
        messages.success(request, _("The settings are saved."))
        return redirect("console:settings-general")
    return render(request, "console/settings_general.html", {"form": form})
