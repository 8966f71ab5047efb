"""What every answer of the console carries."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from console.ui import zones

# Pages load nothing from elsewhere and run no inline script, so that text from a cluster stays
# text even where escaping were forgotten. Styles may be inline: Tabler sets some.
_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class ContentSecurityPolicyMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        return response


class PartsMiddleware:
    """Some addresses answer htmx with a part of their page. No cache may take it for the page: on
    the way back a browser shows what it has kept, however old."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        patch_vary_headers(response, ["HX-Request"])
        if "HX-Request" in request.headers:
            response.headers["Cache-Control"] = "no-store"
        return response


class TimeZoneMiddleware:
    """Pages show times as the clock of who reads them has them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        zones.activate(request)
        return self._get_response(request)
