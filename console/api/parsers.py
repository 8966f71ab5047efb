"""JSON that can be stored: what PostgreSQL would refuse is refused here, by name."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

_MAX_BYTES = 2 * 1024 * 1024
_MAX_DEPTH = 64


class JSONParser(BaseParser):
    """Refuses bodies that are no JSON by RFC 8259, are over two megabytes or nested too deeply,
    and the values that neither text nor jsonb columns hold: NUL, lone surrogates, infinite
    numbers."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(_MAX_BYTES + 1)
        if len(body) > _MAX_BYTES:
            raise ParseError(_("The body is larger than 2 MB."))
        try:
            value = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse)
        except RecursionError as error:
            raise ParseError(_("The JSON is nested too deeply.")) from error
        except ValueError as error:
            raise ParseError(_("This is not JSON: %(reason)s") % {"reason": error}) from error
        for one in _leaves(value):
            _check(one)
        return value


def _refuse(constant: str) -> None:
    raise ValueError(_("%(constant)s is not a JSON number") % {"constant": constant})


def _leaves(value: Any) -> Iterator[Any]:
    """All texts, numbers and names in a value."""
    left = [(value, 0)]
    while left:
        one, depth = left.pop()
        if depth > _MAX_DEPTH:
            raise ParseError(_("The JSON is nested too deeply."))
        if isinstance(one, dict):
            yield from one
            left += [(inner, depth + 1) for inner in one.values()]
        elif isinstance(one, list):
            left += [(inner, depth + 1) for inner in one]
        else:
            yield one


def _check(value: Any) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ParseError(_("A number is too large."))
    if isinstance(value, str):
        if "\0" in value:
            raise ParseError(_("Null characters are not allowed."))
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise ParseError(_("A text holds half of a character (a lone surrogate).")) from error
