"""From what went wrong to the answer that says so.

* A `ValidationError` of an action is a 400; its field paths (``upstream.members.0.port``) become
  the nesting of the body, so that every message stands where the wrong value stood.
* Refusing to delete what is in use is a 409: nothing in the request was wrong.
* Redis or PostgreSQL being away is a 503.
"""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS
from django.core.exceptions import ValidationError as ModelError
from django.db import IntegrityError, InterfaceError, OperationalError
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import exception_handler

from console.errors import by_field
from console.redis import RedisError

log = logging.getLogger(__name__)

_IN_USE = "in_use"


class Conflict(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"
    default_detail = _("Somebody changed the same at the same moment. Read it again, then retry.")


class Unavailable(APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "unavailable"


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """The exception handler of all REST views."""
    return exception_handler(_named(error), context)


def _named(error: Exception) -> Exception:
    if isinstance(error, ModelError):
        return _refusal(error)
    if isinstance(error, IntegrityError):
        log.warning("refused by a constraint: %s", error)
        return Conflict()
    if isinstance(error, RedisError):
        log.warning("Redis: %s", error)
        return Unavailable(_("Redis does not answer: what runs now is not known. Try again soon."))
    if isinstance(error, OperationalError | InterfaceError):
        log.warning("PostgreSQL: %s", error)
        return Unavailable(_("The database does not answer. Try again soon."))
    return error


def _refusal(error: ModelError) -> APIException:
    fields = by_field(error)
    if any(one.code == _IN_USE for found in fields.values() for one in found):
        return Conflict(" ".join(error.messages), code=_IN_USE)
    return ValidationError(nested({path: _texts(found) for path, found in fields.items()}))


def nested(errors: dict[str, list[str]]) -> dict[str, Any]:
    """Turn dotted paths into the shape that serializers give to the errors of nested fields: an
    object for a name, a list for a number, empty objects where a list has no error. No path is the
    beginning of another."""
    tree: dict[str, Any] = {}
    for path, messages in errors.items():
        *parents, last = [_name(part) for part in path.split(".")]
        place = tree
        for name in parents:
            place = place.setdefault(name, {})
        place[last] = messages
    return {name: _shaped(value) for name, value in tree.items()}


def _name(part: str) -> str:
    return str(api_settings.NON_FIELD_ERRORS_KEY) if part == NON_FIELD_ERRORS else part


def _shaped(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    shaped = {name: _shaped(one) for name, one in value.items()}
    if shaped and all(name.isdigit() for name in shaped):
        return [shaped.get(str(number), {}) for number in range(max(map(int, shaped)) + 1)]
    return shaped


def _texts(errors: list[ModelError]) -> list[str]:
    return [message for one in errors for message in one.messages]
