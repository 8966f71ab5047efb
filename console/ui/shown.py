"""Which control plane a request is about.

A person chooses one in the sidebar; the session remembers it. A page that is open in another tab
says for itself which one it shows (a header with each part that it asks for, a field with each form
that it sends), so that switching in one tab does not make another save into the wrong place.
"""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest

from console import access, actions
from console.access import May, Seat
from console.models import ControlPlane

HEADER = "X-Control-Plane"
FIELD = "shown_control_plane"
_CHOSEN = "control_plane"  # in the session


def seats(request: HttpRequest) -> list[Seat]:
    """The seats of who asks; read once for a request. A superuser's first look into an empty
    console makes its first control plane."""
    known = cast(Any, request)
    if not hasattr(known, "_seats"):
        found = access.seats_of(request.user)
        if not found and access.rules_all(request.user):
            actions.create_control_plane(
                control_plane=ControlPlane(name="Default", slug="default"), actor=request.user
            )
            found = access.seats_of(request.user)
        known._seats = found
    return cast("list[Seat]", known._seats)


def seat(request: HttpRequest) -> Seat | None:
    """The seat in the control plane that the request is about; None for who has none at all."""
    known = cast(Any, request)
    if not hasattr(known, "_seat"):
        known._seat = _find(request)
    return cast("Seat | None", known._seat)


def take(request: HttpRequest, taken: Seat) -> None:
    """Let the request be about the control plane of this seat."""
    cast(Any, request)._seat = taken


def choose(request: HttpRequest, taken: Seat) -> None:
    """Show this control plane from now on."""
    take(request, taken)
    request.session[_CHOSEN] = str(taken.control_plane.pk)


def may(request: HttpRequest) -> May:
    found = seat(request)
    return May(found.role if found else None, everywhere=access.rules_all(request.user))


def _find(request: HttpRequest) -> Seat | None:
    found = seats(request)
    by_id = {str(one.control_plane.pk): one for one in found}
    for wanted in (
        request.headers.get(HEADER),
        request.POST.get(FIELD) if request.method == "POST" else None,
        request.session.get(_CHOSEN),
    ):
        if wanted in by_id:
            return by_id[wanted]
    return found[0] if found else None
