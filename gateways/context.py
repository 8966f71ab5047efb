"""What every template may know of gateways."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from console.ui import shown
from gateways.models import Gateway


def gateway_url(request: HttpRequest) -> dict[str, object]:
    """The control plane's enabled gateways (`outlets`), those of them that have an address, and
    where clients reach the first of these; asked for only where they are shown."""

    def mine() -> list[Gateway]:
        seat = shown.seat(request)
        if seat is None:
            return []
        rows = Gateway.objects.enabled().filter(control_plane=seat.control_plane)
        return list(rows.defer("secret"))

    outlets = SimpleLazyObject(mine)

    def doors() -> list[Gateway]:
        return [gateway for gateway in outlets if gateway.url]

    def find() -> str:
        return next((gateway.url for gateway in doors()), "")

    return {
        "outlets": outlets,
        "gateway_url": SimpleLazyObject(find),
        "gateway_doors": SimpleLazyObject(doors),
    }
