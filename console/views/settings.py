"""Settings of the control plane itself, and its end."""

from __future__ import annotations

from typing import Any

import django
from django.db import connection
from django.db.models import PROTECT, ForeignKey, Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from console import VERSION, actions, redis, storage
from console.forms import ControlPlaneForm
from console.models import ControlPlane
from console.redis import RedisError
from console.roles import Role
from console.ui import toasts
from console.ui.forms import ConfirmForm
from console.ui.pages import control_plane_of, page


@page("GET", "POST", role=Role.ADMIN, reading=Role.VIEWER)
def general(request: HttpRequest) -> HttpResponse:
    control_plane = control_plane_of(request)
    form = ControlPlaneForm(
        request.POST or None, instance=ControlPlane.objects.get(pk=control_plane.pk)
    )
    if request.method == "POST" and form.attempt(
        lambda: actions.change_control_plane(control_plane=form.instance, actor=request.user)
    ):
        toasts.done(request, _("The settings are saved."))
        return redirect("console:settings-general")
    return render(
        request,
        "console/settings_general.html",
        {
            "form": form,
            "contents": contents_of(control_plane),
            "postgres": _postgres(),
            "redis": _redis(),
            "versions": {"django": django.get_version(), "portolan": VERSION},
        },
    )


@page("GET", "POST", role=Role.ADMIN)
def delete(request: HttpRequest) -> HttpResponse:
    control_plane = control_plane_of(request)
    form = ConfirmForm(request.POST or None, expected=control_plane.name)
    name, contents = control_plane.name, contents_of(control_plane)
    if contents:
        return redirect("console:settings-general")
    if request.method == "POST" and form.attempt(
        lambda: actions.delete_control_plane(control_plane=control_plane, actor=request.user)
    ):
        toasts.done(request, _("The control plane “%(name)s” is deleted.") % {"name": name})
        return redirect("console:overview")
    return render(
        request,
        "_confirm_delete.html",
        {
            "form": form,
            "name": name,
            "back": reverse("console:settings-general"),
            "trail": [
                (_("Control Plane"), ""),
                (_("Settings"), reverse("console:settings-general")),
            ],
            "consequence": _(
                "Its members lose it, and its revision and audit log can no longer be reached here."
            ),
        },
    )


def contents_of(control_plane: ControlPlane) -> list[str]:
    """What still belongs to a control plane and keeps it from being deleted, in words."""
    found = []
    for relation in ControlPlane._meta.related_objects:
        model: type[Model] = relation.related_model
        field = relation.field
        if not isinstance(field, ForeignKey) or relation.on_delete is not PROTECT:
            continue
        count = model._default_manager.filter(**{field.name: control_plane}).count()
        if count:
            meta = model._meta
            name = meta.verbose_name if count == 1 else meta.verbose_name_plural
            found.append(_("%(count)d %(name)s") % {"count": count, "name": name})
    return found


def _postgres() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        version = cursor.fetchone()[0]
        cursor.execute("SELECT pg_database_size(current_database())")
        size = cursor.fetchone()[0]
    return {"version": version.split()[0], "size": size}


def _redis() -> dict[str, Any] | None:
    """None: it does not answer."""
    try:
        found = storage.look()
        server = redis.store().info("server")
    except RedisError:
        return None
    name = "Valkey" if "valkey_version" in server else "Redis"
    return {
        "name": name,
        "version": server.get("valkey_version") or server.get("redis_version"),
        "storage": found,
    }
