"""What a gateway's own configuration has to say so that it comes to us: its kind knows."""

from __future__ import annotations

from django.urls import reverse

from gateways import drivers
from gateways.drivers.base import BadSetting, Place
from gateways.models import Gateway


def snippet(gateway: Gateway, console: str) -> str:
    """The part of its configuration; empty if it needs none of ours. `console` is the address that
    this console has for whoever asks."""
    gateway_id = str(gateway.pk)
    place = Place(
        gateway_id=gateway_id,
        control_plane_id=str(gateway.control_plane_id),
        name=gateway.name,
        document=console.rstrip("/") + reverse("serving:traefik", args=[gateway_id]),
    )
    try:
        return drivers.joining(gateway.kind, gateway.settings, place)
    except BadSetting:
        return ""  # stored by another release: the driver's status says what does not fit
