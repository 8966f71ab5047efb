"""Whatever routes there are beside each other, Envoy's order decides as the contract's ranks do."""

from __future__ import annotations

import random
import re
from typing import Any

from console.contract import matching
from console.contract.matching import Request
from console.contract.wire import Expression, Path, Route
from gateways.drivers.envoy import api
from gateways.drivers.envoy.book import Book

HOSTS = ("a.org", "x.a.org", "x.y.a.org", "y.a.org", "org", "b.org")
PATTERNS = ("a.org", "x.a.org", "y.a.org", "*.a.org", "*.y.a.org", "*.org", "A.org")
PATHS = ("/", "/a", "/a/", "/a/b", "/ab")
CANARY = Expression(subject="header", operator="equal", name="x", value="1")


def some_route(dice: random.Random, number: int) -> Route:
    hosts = tuple(dice.sample(PATTERNS, dice.randint(0, 3)))
    return Route(
        id=f"r{number}",
        name=f"r{number}",
        upstream="u",
        hosts=tuple({host.lower(): host.lower() for host in hosts}),
        paths=tuple(
            Path(path=path, exact=dice.random() < 0.3)
            for path in dice.sample(PATHS, dice.randint(1, 2))
        ),
        methods=("GET",) if dice.random() < 0.3 else (),
        expressions=(CANARY,) if dice.random() < 0.3 else (),
    )


def envoys_choice(configuration: Any, request: Request) -> str:
    """What Envoy's documentation says of virtual hosts, paths and headers."""
    domains = {host.domains[0]: host for host in configuration.virtual_hosts}
    suffixes = [one for one in domains if one[:2] == "*." and request.host.endswith(one[1:])]
    chosen = domains.get(request.host) or domains.get(max(suffixes, key=len, default="*"))
    for route in chosen.routes if chosen else ():
        if _path(route.match, request.path) and all(
            _header(one, request) for one in route.match.headers
        ):
            return str(route.name)
    return ""


def _path(match: Any, path: str) -> bool:
    if match.path:
        return path == match.path
    if match.path_separated_prefix:
        return path == match.path_separated_prefix or path.startswith(
            match.path_separated_prefix + "/"
        )
    return path.startswith(match.prefix)


def _header(one: Any, request: Request) -> bool:
    values = {":authority": request.host, ":method": request.method, **dict(request.headers)}
    value, wanted = values.get(one.name), one.string_match
    if value is None:
        return False
    if wanted.exact:
        return bool(value == wanted.exact)
    return re.fullmatch(wanted.safe_regex.regex, value) is not None


def test_first_fit_is_highest_rank_however_routes_come_and_go() -> None:
    dice = random.Random(5)  # noqa: S311 - the same each time
    book = Book()
    routes: dict[str, Route] = {}
    for _round in range(300):
        changes: dict[str, Route | None] = {}
        for number in dice.sample(range(12), 3):
            key = f"route/r{number}"
            changes[key] = None if dice.random() < 0.4 else some_route(dice, number)
        book.apply(changes)
        routes |= {key: one for key, one in changes.items() if one}
        for key in [key for key, one in changes.items() if one is None]:
            routes.pop(key, None)
        (held,) = book.current()[api.ROUTES].values()
        configuration = api.Routes.FromString(held.body)
        for _request in range(30):
            request = Request(
                host=dice.choice(HOSTS),
                path=dice.choice((*PATHS, "/a/b/c", "/abc")),
                method=dice.choice(("GET", "POST")),
                headers=(("x", "1"),) if dice.random() < 0.5 else (),
            )
            fitting = [matching.judge(one, request) for one in routes.values()]
            best = max((one for one in fitting if one.fits), key=lambda one: one.rank, default=None)
            assert envoys_choice(configuration, request) == (
                f"route/{best.route.id}" if best else ""
            ), request


def test_a_book_that_followed_is_a_book_made_at_once() -> None:
    dice = random.Random(7)  # noqa: S311 - the same each time
    followed, routes = Book(), {}
    for _round in range(50):
        number = dice.randrange(12)
        routes[f"route/r{number}"] = some_route(dice, number)
        followed.apply({f"route/r{number}": routes[f"route/r{number}"]})
    made = Book()
    made.replace(routes)
    assert made.current() == followed.current()
