"""How pages look for someone: their language and theme, in cookies that the server reads.

The account keeps both too, so that they follow the login to another browser. Reading cookies on the
server gives the first byte of a page the right theme: nothing flashes.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_supported_language_variant

from console.models import Preferences

THEME_COOKIE = "portolan_theme"
_YEAR = 365 * 24 * 3600


def theme_of(request: HttpRequest) -> str:
    """``light``, ``dark``, or nothing for what the system has."""
    wanted = request.COOKIES.get(THEME_COOKIE, "")
    return wanted if wanted in Preferences.Theme.values else ""


def known_language(code: str) -> bool:
    return code in dict(settings.LANGUAGES)


def remember(
    response: HttpResponse, *, language: str | None = None, theme: str | None = None
) -> None:
    """Keep in the browser what is not None; an empty word is forgotten."""
    for name, value in ((settings.LANGUAGE_COOKIE_NAME, language), (THEME_COOKIE, theme)):
        if value:
            response.set_cookie(
                name, value, max_age=_YEAR, secure=settings.HTTPS, httponly=True, samesite="Lax"
            )
        elif value is not None:
            response.delete_cookie(name, samesite="Lax")


def language_name(code: str) -> str:
    """A language as its speakers call it."""
    return _OWN_NAMES.get(get_supported_language_variant(code), code)


_OWN_NAMES = {"en": "English", "ko": "한국어"}
