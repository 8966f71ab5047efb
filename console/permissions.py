"""The rule of every REST view: who asks must have a seat, with a role that suffices."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.models import User
from django.http import Http404
from rest_framework.permissions import SAFE_METHODS, IsAuthenticated
from rest_framework.request import Request

from console import access
from console.access import Seat
from console.models import ControlPlane
from console.roles import Role


def seats(request: Request) -> list[Seat]:
    """The seats of who asks; read once for a request."""
    known = cast(Any, request)._request
    if not hasattr(known, "_rest_seats"):
        known._rest_seats = access.seats_of(cast(User, request.user))
    return cast("list[Seat]", known._rest_seats)


def planes(request: Request) -> list[ControlPlane]:
    return [seat.control_plane for seat in seats(request)]


class RolePermission(IsAuthenticated):
    """The rule of every REST view, by the roles of who asks: reading takes the view's `reading`
    role in the row's control plane, anything else its `writing` role there. What is in no seat of
    theirs is not found. A `personal` view is about its user and takes no seat."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        if request.method in SAFE_METHODS or getattr(view, "personal", False):
            return True
        if access.rules_all(cast(User, request.user)):
            return True  # also before there is a control plane
        return any(seat.may(_needed(view, request)) for seat in seats(request))

    def has_object_permission(self, request: Request, view: Any, obj: Any) -> bool:
        if getattr(view, "personal", False):
            return True
        plane_id = access.plane_id_of(obj)
        for seat in seats(request):
            if seat.control_plane.pk == plane_id:
                return seat.may(_needed(view, request))
        raise Http404


def _needed(view: Any, request: Request) -> Role:
    role: Role
    if request.method in SAFE_METHODS:
        role = getattr(view, "reading", Role.VIEWER)
    else:
        role = getattr(view, "writing", Role.EDITOR)
    return role
