"""What every template knows."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from console.models import ControlPlane


def control_plane(request: HttpRequest) -> dict[str, Any]:
    """The control plane whose pages are shown."""
    if not request.user.is_authenticated:
        return {}
    return {"control_plane": ControlPlane.objects.first()}
