"""What every template knows."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from console.ui.pages import control_plane_of


def control_plane(request: HttpRequest) -> dict[str, Any]:
    """The control plane whose pages are shown; looked for only where it is shown."""
    if not request.user.is_authenticated:
        return {}
    return {"control_plane": SimpleLazyObject(lambda: control_plane_of(request))}
