"""Which route a request takes: one rule for every kind of gateway. Pure.

A request fits a route if its host, path and method fit and its expressions are fulfilled (all, or
one with `match_any`). Hosts have no upper case and no port; ``*.example.org`` stands for exactly
one label. A prefix ends at a border of segments: ``/shop`` takes ``/shop`` and ``/shop/cart``, not
``/shopping``. Paths are compared as `clean` leaves them.

Of the routes that fit, the most specific takes the request:

1. an exact host before a wildcard, a longer wildcard before a shorter one, any before every host;
2. the longer path; of equal ones an exact path before a prefix;
3. named methods before every method;
4. more expressions before fewer;
5. what is still equal is decided by the routes' ids: at random, and by all gateways alike.

`rank` puts this into a number that drivers hand to their gateways.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from . import patterns
from .wire import Expression, Path, Route

_EXACT_HOST = 255
_LONGEST_PATH = 16_383
_MOST_EXPRESSIONS = 255

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as routes see it. Names and values of the query are decoded."""

    host: str
    path: str = "/"
    method: str = "GET"
    scheme: str = "http"
    query: Pairs = ()
    headers: Pairs = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a route says to a request. `host` is the pattern that fits, empty for every host; None:
    none fits. So `path`. `expressions` has a word for each of the route's: None where only the
    gateway can tell."""

    route: Route
    host: str | None
    path: Path | None
    method: bool
    expressions: tuple[bool | None, ...]

    @property
    def fulfilled(self) -> bool | None:
        """Whether the expressions are, together; None: only the gateway can tell."""
        if not self.expressions:
            return True
        decided, other = (True, False) if self.route.match_any else (False, True)
        if decided in self.expressions:
            return decided
        return None if None in self.expressions else other

    @property
    def fits(self) -> bool | None:
        if self.host is None or self.path is None or not self.method:
            return False
        return self.fulfilled

    @property
    def rank(self) -> int:
        """As `rank`, by what fits best; 0 for a request that does not fit."""
        if self.host is None or self.path is None:
            return 0
        return rank(self.route, host=self.host, path=self.path)


def judge(route: Route, request: Request) -> Verdict:
    hosts = [one for one in route.hosts or ("",) if host_fits(one, request.host)]
    paths = [one for one in paths_of(route) if path_fits(one, request.path)]
    return Verdict(
        route=route,
        host=max(hosts, key=host_rank, default=None),
        path=max(paths, key=path_rank, default=None),
        method=not route.methods or request.method in route.methods,
        expressions=tuple(_holds(one, request) for one in route.expressions),
    )


def rank(route: Route, *, host: str, path: Path) -> int:
    """How specific a route is where a request comes by this host pattern and this path: below
    2**48, the larger first."""
    found = host_rank(host)
    found = found << 14 | path_rank(path)
    found = found << 1 | bool(route.methods)
    counted = min(len(route.expressions), 1) if route.match_any else len(route.expressions)
    found = found << 8 | min(counted, _MOST_EXPRESSIONS)
    return found << 16 | _lot(route.id)


def host_rank(pattern: str) -> int:
    """0 for every host, then wildcards by length, then exact hosts: 8 bits."""
    if not pattern:
        return 0
    return min(len(pattern), _EXACT_HOST - 1) if pattern.startswith("*.") else _EXACT_HOST


def path_rank(path: Path) -> int:
    """14 bits: the length, then whether it is exact."""
    return min(2 * len(path.path) + path.exact, _LONGEST_PATH)


def paths_of(route: Route) -> tuple[Path, ...]:
    """A route without paths takes all of them."""
    return route.paths or (Path(path="/"),)


def host_fits(pattern: str, host: str) -> bool:
    if not pattern:
        return True
    if not pattern.startswith("*."):
        return pattern == host
    label, dot, rest = host.partition(".")
    return bool(label and dot) and rest == pattern[2:]


def path_fits(path: Path, text: str) -> bool:
    if text == path.path:
        return True
    return not path.exact and text.startswith(path.path.rstrip("/") + "/")


def clean(path: str) -> str:
    """A path as gateways compare it: without ``.``, ``..`` and doubled slashes."""
    found = posixpath.normpath(f"/{path.lstrip('/')}")
    return f"{found}/" if found != "/" and path.endswith(("/", "/.", "/..")) else found


def _holds(one: Expression, request: Request) -> bool | None:
    """Whether a request fulfils an expression. Negations are true where nothing is."""
    values = _values(one, request)
    if values is None:
        return None
    found = list(values)
    if one.operator in ("present", "not_present"):
        return bool(found) is (one.operator == "present")
    positive = {"not_equal": "equal", "regex_not_match": "regex_match"}.get(one.operator)
    said = [_compare(positive or one.operator, value, one.value) for value in found]
    answer = True if True in said else None if None in said else False
    return answer if positive is None or answer is None else not answer


def _values(one: Expression, request: Request) -> Iterable[str] | None:
    if one.subject == "header":
        name = one.name.lower()
        return [value for key, value in request.headers if key.lower() == name]
    if one.subject == "query":
        return [value for key, value in request.query if key == one.name]
    if one.subject == "cookie":
        return list(_cookies(one.name, request))
    if one.subject == "path":
        return [request.path]
    return None  # a variable of the gateway's own


def _cookies(name: str, request: Request) -> Iterator[str]:
    for key, value in request.headers:
        if key.lower() == "cookie":
            try:
                found = SimpleCookie(value)
            except CookieError:
                continue
            if name in found:
                yield found[name].value


def _compare(operator: str, value: str, wanted: str) -> bool | None:
    if operator == "equal":
        return value == wanted
    if operator == "regex_match":
        return patterns.search(wanted, value)
    try:
        left, right = float(value), float(wanted)
    except ValueError:
        return False
    return {
        "larger_than": left > right,
        "larger_equal": left >= right,
        "less_than": left < right,
        "less_equal": left <= right,
    }.get(operator)


def _lot(route_id: str) -> int:
    return int.from_bytes(hashlib.blake2b(route_id.encode(), digest_size=2).digest(), "big")
