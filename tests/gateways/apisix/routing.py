"""Which of an APISIX's routes takes a request, by the rules of its router and of the comparisons
in ``vars``, as 3.18 was seen to do it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from http.cookies import SimpleCookie
from typing import Any

from console.contract.matching import Request

Body = dict[str, Any]


def taken(routes: Iterable[Body], request: Request) -> Body | None:
    """radixtree_host_uri: host, then path, then priority. What does not fit there is looked for at
    the next path, then at the next host."""
    objects = list(routes)
    hosts = {host for body in objects for host in body.get("hosts", ["*"])}
    for host in sorted(hosts, key=_weight, reverse=True):
        if not (host == request.host or (host[0] == "*" and request.host.endswith(host[1:]))):
            continue
        these = [body for body in objects if host in body.get("hosts", ["*"])]
        paths = {uri for body in these for uri in body["uris"]}
        for uri in sorted(paths, key=_weight, reverse=True):
            if not (uri == request.path or (uri[-1] == "*" and request.path.startswith(uri[:-1]))):
                continue
            fitting = [body for body in these if uri in body["uris"] and _fits(body, request)]
            if fitting:
                return max(fitting, key=lambda body: body.get("priority", 0))
    return None


def _weight(pattern: str) -> tuple[bool, int]:
    return "*" not in pattern, len(pattern)


def _fits(body: Body, request: Request) -> bool:
    methods = body.get("methods") or [request.method]
    return request.method in methods and holds(body.get("vars", []), request)


def holds(conditions: list[Any], request: Request) -> bool:
    """All of these, or as the word before them says."""
    if conditions and not isinstance(conditions[0], list):
        word = str(conditions[0]).upper()
        if word in ("OR", "AND"):
            return (any if word == "OR" else all)(holds(one, request) for one in conditions[1:])
        return _compared(conditions, request)
    return all(holds(one, request) for one in conditions)


def _compared(condition: list[Any], request: Request) -> bool:
    name, *negated, operator, value = condition
    return _OPERATORS[operator](variable(name, request), value) != bool(negated)


def variable(name: str, request: Request) -> str | None:
    """One of nginx's; None: there is none, as of an empty header."""
    headers = {one.lower().replace("-", "_"): said for one, said in request.headers if said}
    known = {"uri": request.path, "host": request.host, "request_method": request.method}
    if name in known:
        return known[name]
    if name.startswith("http_"):
        return headers.get(name.removeprefix("http_"))
    if name.startswith("arg_"):
        said = [value for one, value in request.query if one == name.removeprefix("arg_")]
        return said[0] if said else None
    if name.startswith("cookie_"):
        found = SimpleCookie(headers.get("cookie", "")).get(name.removeprefix("cookie_"))
        return found.value if found else None
    raise AssertionError(f"no variable {name}")


def _number(said: Any) -> float | None:
    try:
        return float(said)
    except (TypeError, ValueError):
        return None


def _numbers(compare: Callable[[float, float], bool]) -> Callable[[Any, Any], bool]:
    def compared(said: Any, value: Any) -> bool:
        one, other = _number(said), _number(value)
        return one is not None and other is not None and compare(one, other)

    return compared


_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": lambda said, value: said == value,
    "~=": lambda said, value: said != value,
    "~~": lambda said, value: said is not None and re.search(value, said) is not None,
    ">": _numbers(lambda one, other: one > other),
    ">=": _numbers(lambda one, other: one >= other),
    "<": _numbers(lambda one, other: one < other),
    "<=": _numbers(lambda one, other: one <= other),
}
