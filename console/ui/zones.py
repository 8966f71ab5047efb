"""The time zone in which a person reads times: the browser's, which says it in a cookie.

Who has said none reads the house's (`TIME_ZONE`). Programs get UTC: files, REST and what is stored
never depend on who asks.
"""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest
from django.utils import timezone

COOKIE = "tz"  # static/zone.js
_LONGEST = 64  # characters of a name


def activate(request: HttpRequest) -> None:
    """Let the answer's times be those of who asks."""
    if request.path.startswith("/api/"):
        timezone.activate("UTC")
        return
    zone = named(request.COOKIES.get(COOKIE, ""))
    if zone:
        timezone.activate(zone)
    else:
        timezone.deactivate()


@lru_cache(maxsize=1000)
def named(name: str) -> ZoneInfo | None:
    """The zone of that name; None if there is none, whatever a browser claims."""
    if not 0 < len(name) <= _LONGEST:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder of zones
        return None
