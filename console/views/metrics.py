"""`/metrics`: the house in figures, for Prometheus.

Each room tells its own families. All of them or none: where Redis or PostgreSQL does not answer the
answer is 503, so that half of the truth is never taken for all of it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

import applications.metrics
import console.metrics
import gateways.metrics
import registries.metrics
from console import access
from console.api.authentication import TokenAuthentication
from console.redis import RedisError

log = logging.getLogger(__name__)

ROOMS = (
    console.metrics.store,
    registries.metrics.families,
    applications.metrics.families,
    gateways.metrics.families,
)


class _Read(Collector):
    """Families that have been read."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        return iter(self._families)


@login_not_required
@require_safe
@gzip_page
def metrics(request: HttpRequest) -> HttpResponse:
    """For whoever has a seat in every control plane, by a token of the REST API or a session; for
    everybody with METRICS_OPEN."""
    try:
        if not settings.METRICS_OPEN:
            person, refusal = _person(request)
            if person is None:
                return _text(refusal, status=401, headers=_challenge(request))
            if not access.sees_all(person):
                return _text(
                    _("Metrics tell of every control plane, and you are not a member of each."),
                    status=403,
                )
        families = [family for room in ROOMS for family in room()]
    except RedisError as error:
        log.warning("metrics: Redis: %s", error)
        return _text(_("Redis does not answer."), status=503)
    except (OperationalError, InterfaceError) as error:
        log.warning("metrics: PostgreSQL: %s", error)
        return _text(_("The database does not answer."), status=503)
    return HttpResponse(generate_latest(_Read(families)), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _person(request: HttpRequest) -> tuple[access.Person | None, str]:
    """Who asks, or why that is not known."""
    if request.user.is_authenticated:
        return request.user, ""
    try:
        known = TokenAuthentication().authenticate(Request(request))
    except AuthenticationFailed as error:
        return None, str(error.detail)
    if known is None:
        return None, _("Send a token of the REST API: Authorization: Bearer ptl_…")
    return known[0], ""


def _challenge(request: HttpRequest) -> dict[str, str]:
    return {"WWW-Authenticate": TokenAuthentication().authenticate_header(Request(request))}


def _text(text: str, *, status: int, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(
        f"{text}\n", status=status, headers=headers, content_type="text/plain; charset=utf-8"
    )
