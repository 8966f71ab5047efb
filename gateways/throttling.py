"""How often a person may make the console ask a gateway."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.throttling import UserRateThrottle

from console.rest import ConnectionThrottle


class ReadingThrottle(UserRateThrottle):
    """Reading back asks a gateway for everything that it has."""

    scope = "gateway-readings"
    rate = "30/min"


def refused(request: HttpRequest, kind: type[UserRateThrottle] = ConnectionThrottle) -> str:
    """Count a request; why it is not listened to now, or nothing."""
    throttle = kind()
    # It asks for the user only, which both kinds of request have.
    if throttle.allow_request(request, None):  # type: ignore[arg-type]
        return ""
    return _("Too many requests; wait %d seconds.") % int(throttle.wait() or 60)
