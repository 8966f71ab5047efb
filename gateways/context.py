"""What every template may know of gateways."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from gateways.models import Gateway


def gateway_url(request: HttpRequest) -> dict[str, object]:
    """Where clients reach the first gateway that has an address; asked for only where it is
    shown."""

    def find() -> str:
        urls = Gateway.objects.enabled().exclude(url="").values_list("url", flat=True)
        return urls.first() or ""

    return {"gateway_url": SimpleLazyObject(find)}
