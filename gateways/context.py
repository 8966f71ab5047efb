"""What every template may know of gateways."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from console.ui import shown
from gateways.models import Gateway


def gateway_url(request: HttpRequest) -> dict[str, object]:
    """Where clients reach the first gateway of the control plane that has an address, and all
    gateways that have one; asked for only where they are shown."""

    def doors() -> list[Gateway]:
        seat = shown.seat(request)
        if seat is None:
            return []
        mine = Gateway.objects.enabled().filter(control_plane=seat.control_plane)
        return list(mine.exclude(url=""))

    def find() -> str:
        return next((gateway.url for gateway in doors()), "")

    return {"gateway_url": SimpleLazyObject(find), "gateway_doors": SimpleLazyObject(doors)}
