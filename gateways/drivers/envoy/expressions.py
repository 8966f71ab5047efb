"""From a route's expressions to Envoy's header matchers. Pure.

Envoy's own matchers of a query look at the first value of a name only and leave it encoded, and
its `:path` has the query behind the path. So a query is compared as text of `:path`, and a path as
a header of ours that the listener sets before a route is chosen and that nobody upstream sees.
"""

from __future__ import annotations

import re
from typing import Any

from console.contract.wire import Expression

from . import patterns
from .errors import Unsupported

# Set by the listener for every request (`listener`); what a client sends by this name is replaced.
PATH_HEADER = "x-portolan-path"
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OPPOSITES = {"not_equal": "equal", "regex_not_match": "regex_match", "not_present": "present"}
_COMPARED = ("equal", "regex_match", "present")


def matcher(one: Expression) -> dict[str, Any]:
    """A HeaderMatcher. Raises `Unsupported`."""
    operator = _OPPOSITES.get(one.operator, one.operator)
    if operator not in _COMPARED or one.subject not in ("header", "query", "cookie", "path"):
        raise Unsupported(
            "Envoy cannot compare a %(subject)s by %(operator)s.",
            subject=one.subject,
            operator=one.operator,
        )
    if re.search(r"[\x00-\x1f\x7f]", one.value + one.name):
        raise Unsupported("An expression holds a control character.")
    found = {"header": _header, "query": _query, "cookie": _cookie, "path": _path}[one.subject](
        one, operator
    )
    if one.operator in _OPPOSITES:
        found["invert_match"] = True
        if "string_match" in found:
            _demand_letters(one)
            # Else what is not there would fulfil nothing, not even a negation.
            found["treat_missing_header_as_empty"] = True
    return found


def whole(pattern: str) -> dict[str, Any]:
    """A StringMatcher for a text that fits as a whole."""
    return {"safe_regex": {"regex": pattern}}


def _demand_letters(one: Expression) -> None:
    """A header that is not there is empty for Envoy: a negation must not be about that."""
    if one.subject != "header":
        return
    try:
        empty = not one.value or (one.operator == "regex_not_match" and re.search(one.value, ""))
    except re.error:
        empty = False
    if empty:
        raise Unsupported("Envoy cannot tell a header that is empty from one that is not there.")


def _header(one: Expression, operator: str) -> dict[str, Any]:
    if not _TOKEN.fullmatch(one.name):
        raise Unsupported("“%(name)s” is no header's name.", name=one.name)
    name = ":authority" if one.name.lower() == "host" else one.name.lower()
    if operator == "present":
        return {"name": name, "present_match": True}
    return {"name": name, "string_match": _string(one, operator)}


def _path(one: Expression, operator: str) -> dict[str, Any]:
    if operator == "present":
        return {"name": PATH_HEADER, "present_match": True}
    return {"name": PATH_HEADER, "string_match": _string(one, operator)}


def _string(one: Expression, operator: str) -> dict[str, Any]:
    if operator == "equal":
        # An empty text is no StringMatcher for Envoy.
        return {"exact": one.value} if one.value else whole("")
    return whole(patterns.searched(one.value))


def _query(one: Expression, operator: str) -> dict[str, Any]:
    name = "".join(patterns.encoded(one.name))
    if operator == "present":
        value = r"(?:=[^&#]*)?"
    elif operator == "equal":
        value = f"={''.join(patterns.encoded(one.value))}"
        value = f"(?:{value})?" if not one.value else value
    else:
        value = f"={patterns.searched(one.value, within='&#', coded=True)}"
    text = rf"[^?]*\?(?:[^#]*&)?{name}{value}(?:[&#].*)?"
    return {"name": ":path", "string_match": whole(text)}


def _cookie(one: Expression, operator: str) -> dict[str, Any]:
    if not _TOKEN.fullmatch(one.name):
        raise Unsupported("“%(name)s” is no cookie's name.", name=one.name)
    if operator == "present":
        value = "[^;]*"
    elif operator == "equal":
        if re.search(r'[;"\\,\s]', one.value):
            raise Unsupported("Envoy cannot compare a cookie with such a value.")
        value = f'(?:{patterns.literal(one.value)}|"{patterns.literal(one.value)}")'
    else:
        value = f'"?{patterns.searched(one.value, within=";" + chr(34))}"?'
    text = rf"(?:.*;)?\s*{patterns.literal(one.name)}\s*=\s*{value}\s*(?:;.*)?"
    return {"name": "cookie", "string_match": whole(text)}
