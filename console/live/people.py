"""Who asks for a stream, and which topics they may hear of."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any, Protocol

from django.conf import settings
from django.contrib.auth import get_user
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.db import connections
from django.http.cookie import parse_cookie
from django.utils.module_loading import import_string

from console.access import planes_of
from console.live.topics import Topic
from gateways.models import Gateway
from registries.models import Registry


class Refused(Exception):
    """The request gets no stream. `status` is the answer's."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def admit(scope: Any, topics: Iterable[Topic]) -> list[Topic]:
    """The topics that the person behind a request may hear of. Raises `Refused`.

    Runs in a thread of its own, and leaves no connection to PostgreSQL open behind it: a stream
    lives for minutes and needs none.
    """
    try:
        return _admit(ASGIRequest(scope, BytesIO()), list(topics))
    finally:
        connections.close_all()


def _admit(request: ASGIRequest, topics: list[Topic]) -> list[Topic]:
    try:
        request.get_host()
    except DisallowedHost as error:
        raise Refused(400) from error
    engine = import_string(f"{settings.SESSION_ENGINE}.SessionStore")
    cookies = parse_cookie(request.META.get("HTTP_COOKIE", ""))
    request.session = engine(cookies.get(settings.SESSION_COOKIE_NAME))
    user = get_user(request)
    if not user.is_authenticated:
        raise Refused(403)
    planes = {str(pk) for pk in planes_of(user).values_list("pk", flat=True)}
    mine = _owned(Registry, topics, ("registry", "service", "moves"), planes)
    mine |= _owned(Gateway, topics, ("gateway", "instances"), planes) | planes
    return [topic for topic in topics if topic.row_id in mine]


class _OwnedRow(Protocol):
    objects: Any


def _owned(
    model: type[_OwnedRow], topics: Iterable[Topic], kinds: tuple[str, ...], planes: set[str]
) -> set[str]:
    wanted = {topic.row_id for topic in topics if topic.kind in kinds}
    if not wanted:
        return set()
    rows = model.objects.filter(pk__in=wanted, control_plane__in=planes)
    return {str(pk) for pk in rows.values_list("pk", flat=True)}
