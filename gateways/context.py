"""What every template may know of gateways."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from console.ui import shown
from gateways.models import Gateway


def gateway_url(request: HttpRequest) -> dict[str, object]:
    """Where clients reach the first gateway of the control plane that has an address; asked for
    only where it is shown."""

    def find() -> str:
        seat = shown.seat(request)
        if seat is None:
            return ""
        mine = Gateway.objects.enabled().filter(control_plane=seat.control_plane)
        urls = mine.exclude(url="").values_list("url", flat=True)
        return urls.first() or ""

    return {"gateway_url": SimpleLazyObject(find)}
