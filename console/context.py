"""What every template knows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from console.access import May
from console.ui import looks, shown


def control_plane(request: HttpRequest) -> dict[str, Any]:
    """The control plane whose pages are shown, what the person may do in it, and which others
    there are; looked for only where it is shown."""
    user = getattr(request, "user", None)  # there is none where a request is refused early
    if user is None or not user.is_authenticated:
        return {"may": May()}

    def plane() -> Any:
        seat = shown.seat(request)
        return seat.control_plane if seat else None

    return {
        "control_plane": SimpleLazyObject(plane),
        "may": SimpleLazyObject(lambda: shown.may(request)),
        "seats": SimpleLazyObject(lambda: shown.seats(request)),
    }


def look(request: HttpRequest) -> dict[str, Any]:
    """The theme that was chosen, and the languages there are, as their speakers call them."""
    return {
        "theme": looks.theme_of(request),
        "languages": [(code, looks.language_name(code)) for code, _name in settings.LANGUAGES],
    }
