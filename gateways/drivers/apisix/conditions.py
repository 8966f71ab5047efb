"""From a route's expressions and paths to APISIX's vars and uris. Pure.

APISIX compares by lua-resty-expr, where a value that is not there is nil: a comparison with nil is
false, and its negation true, as in `console.contract.matching`. Nothing is compared with null: in a
YAML file that is another value than nil.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import unquote

from console.contract.wire import Expression, Path, Route
from gateways.drivers import reasons

# A condition: [variable, operator, value], or ["OR"|"AND", condition, condition, …].
Condition = list[Any]

_OPERATORS: dict[str, tuple[str, ...]] = {
    "equal": ("==",),
    "not_equal": ("~=",),
    "regex_match": ("~~",),
    "regex_not_match": ("!", "~~"),
    "larger_than": (">",),
    "larger_equal": (">=",),
    "less_than": ("<",),
    "less_equal": ("<=",),
}
# The lua-resty-expr of 2.15 has no >= and no <=.
_OPPOSITES = {"larger_equal": "<", "less_equal": ">"}
_NUMBER = r"^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$"
_ANYTHING = "^"
# What means something in the pattern that lua-resty-radixtree makes of a path with an asterisk.
_SPECIAL = re.compile(r"[*+?()\[\]{}|^$\\\n]")


class Unsupported(reasons.Unsupported):
    """APISIX cannot express the resource."""


def conditions(route: Route, *, release: str) -> list[Condition]:
    """All of these have to be fulfilled."""
    found = [_expression(one, release=release) for one in route.expressions]
    if not route.match_any or len(route.expressions) < 2:
        return [condition for group in found for condition in group]
    return [["OR", *(_together(group) for group in found)]]


def one_label(hosts: Sequence[str]) -> Condition:
    """That the host fits one of these wildcards, in which an asterisk is one label; to APISIX it is
    any number of them."""
    ends = "|".join(re.escape(host[2:]) for host in hosts)
    return ["host", "~~", rf"^[^.]+\.({ends})$" if len(hosts) > 1 else rf"^[^.]+\.{ends}$"]


def is_plain(path: Path) -> bool:
    """Whether APISIX's uris can say this path by themselves."""
    text = unquote(path.path)
    return "*" not in text if path.exact else not _SPECIAL.search(text)


def uris(path: Path) -> list[str]:
    """As APISIX says a path that is plain. It compares with what nginx has decoded."""
    text = unquote(path.path)
    if path.exact:
        return [text]
    if text.endswith("/"):
        return [f"{text}*"]
    return [text, f"{text}/*"]


def guarded(path: Path) -> tuple[list[str], Condition]:
    """A path that is not plain: by its longest plain parent and a condition."""
    text = unquote(path.path)
    special = _SPECIAL.search(text)
    end = text.rindex("/", 0, special.start()) if special else 0
    if path.exact:
        return [f"{text[: end + 1]}*"], ["uri", "==", text]
    bound = "" if text.endswith("/") else "(/|$)"
    return [f"{text[: end + 1]}*"], ["uri", "~~", f"^{re.escape(text)}{bound}"]


def _expression(one: Expression, *, release: str) -> list[Condition]:
    """Conditions that have to be fulfilled together."""
    name = _variable(one)
    if one.operator == "present":
        return [[name, "~~", _ANYTHING]]
    if one.operator == "not_present":
        return [[name, "!", "~~", _ANYTHING]]
    if one.operator not in _OPERATORS:
        raise Unsupported("APISIX cannot compare by %(operator)s.", operator=one.operator)
    if release == "2.15" and one.operator in _OPPOSITES:
        return [[name, "!", _OPPOSITES[one.operator], one.value], [name, "~~", _NUMBER]]
    return [[name, *_OPERATORS[one.operator], one.value]]


def _variable(one: Expression) -> str:
    if one.subject == "header":
        return f"http_{one.name.lower().replace('-', '_')}"
    if one.subject == "query":
        return f"arg_{one.name}"
    if one.subject == "cookie":
        return f"cookie_{one.name}"
    if one.subject == "path":
        return "uri"
    if one.subject == "variable":
        return one.name.removeprefix("$")
    raise Unsupported("APISIX cannot compare a %(subject)s.", subject=one.subject)


def _together(group: Iterable[Condition]) -> Condition:
    found = list(group)
    return found[0] if len(found) == 1 else ["AND", *found]
