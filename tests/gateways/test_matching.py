"""What the contract says of routes is what a real Traefik does: which route a request takes."""

from __future__ import annotations

import itertools
from urllib.parse import parse_qsl

import pytest

from console.contract import matching
from console.contract.matching import Request
from console.contract.wire import Expression, Node, Path, Route, Upstream
from gateways.drivers.base import Driver
from tests.gateways.conftest import Proxy, Serve
from tests.gateways.test_traefik import driver, tree
from tests.threads import eventually

__all__ = ["driver", "tree"]

HOST = "shop.example.org"


def route(name: str, *paths: str, **fields: object) -> Route:
    """A route to the upstream of its own name; a path that ends with ``=`` is exact."""
    made = tuple(Path(path=one.rstrip("="), exact=one.endswith("=")) for one in paths)
    return Route(id=name, name=name, upstream=name, paths=made, **{"hosts": (HOST,)} | fields)


def expression(subject: str, operator: str, name: str = "", value: str = "") -> Expression:
    return Expression(subject=subject, operator=operator, name=name, value=value)


CANARY = (expression("header", "equal", "X-Canary", "1"),)
# Beside each other on one gateway. Without priorities, Traefik would prefer the longest rule.
ROUTES = [
    route("everything", "/", hosts=()),
    route(
        "all", "/", hosts=(HOST, "long.example.net", "longer.example.net", "longest.example.net")
    ),
    route("shop", "/shop"),
    route("cart", "/shop/cart"),
    route("cart-exactly", "/shop/cart="),
    route("posted", "/shop", methods=("POST", "PUT")),
    route("canary", "/shop", expressions=CANARY),
    route("wild", "/", hosts=("*.example.org",)),
    route("wilder", "/", hosts=("*.deep.example.org",)),
    route("both", "/x", "/x/y/z", hosts=(HOST, "*.example.org")),
    route("between", "/x/y"),
    route("slash", "/slash/"),
    route("asked", "/q", expressions=(expression("query", "regex_match", "user", "^a[a-z]+$"),)),
    route("named", "/n", expressions=(expression("query", "not_present", "debug"),)),
    route(
        "any",
        "/any",
        match_any=True,
        expressions=(*CANARY, expression("path", "regex_match", "", "/[0-9]+$")),
    ),
]
X = {"X_Canary": "1"}
CASES: list[tuple[str, str, str, dict[str, str], str]] = [
    (HOST, "GET", "/", {}, "all"),
    (HOST, "GET", "/other", {}, "all"),
    (HOST.upper(), "GET", "/other", {}, "all"),
    ("long.example.net", "GET", "/shop", {}, "all"),
    ("elsewhere.org", "GET", "/shop", {}, "everything"),
    ("example.org", "GET", "/", {}, "everything"),
    ("a.example.org", "GET", "/shop", {}, "wild"),
    ("a.deep.example.org", "GET", "/", {}, "wilder"),
    ("a.b.deep.example.org", "GET", "/", {}, "everything"),
    (HOST, "GET", "/shop", {}, "shop"),
    (HOST, "GET", "/shop/", {}, "shop"),
    (HOST, "GET", "/shopping", {}, "all"),
    (HOST, "GET", "/SHOP", {}, "all"),
    (HOST, "POST", "/shop", {}, "posted"),
    (HOST, "POST", "/shop", X, "posted"),
    (HOST, "GET", "/shop", X, "canary"),
    (HOST, "GET", "/shop", {"X_Canary": "11"}, "shop"),
    (HOST, "GET", "/shop/cart", {}, "cart-exactly"),
    (HOST, "GET", "/shop/cart/", {}, "cart"),
    (HOST, "GET", "/shop/cart/7", {}, "cart"),
    (HOST, "GET", "/shop//cart", {}, "cart-exactly"),
    (HOST, "GET", "/shop/./cart/../cart", {}, "cart-exactly"),
    (HOST, "GET", "/x/1", {}, "both"),
    (HOST, "GET", "/x/y/1", {}, "between"),
    (HOST, "GET", "/x/y/z/1", {}, "both"),
    ("b.example.org", "GET", "/x/y/1", {}, "both"),
    (HOST, "GET", "/slash", {}, "all"),
    (HOST, "GET", "/slash/", {}, "slash"),
    (HOST, "GET", "/q?user=anna", {}, "asked"),
    (HOST, "GET", "/q?user=bo", {}, "all"),
    (HOST, "GET", "/q?user=bo&user=anna", {}, "asked"),
    (HOST, "GET", "/n", {}, "named"),
    (HOST, "GET", "/n?debug=1", {}, "all"),
    (HOST, "GET", "/any/12", {}, "any"),
    (HOST, "GET", "/any/x", {}, "all"),
    (HOST, "GET", "/any/x", X, "any"),
]


def verdict(host: str, method: str, path: str, headers: dict[str, str]) -> str:
    """The route that the contract says takes a request."""
    path, _mark, query = path.partition("?")
    request = Request(
        host=host.lower(),
        method=method,
        path=matching.clean(path),
        query=tuple(parse_qsl(query, keep_blank_values=True)),
        headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()),
    )
    fitting = [one for one in (matching.judge(one, request) for one in ROUTES) if one.fits]
    return max(fitting, key=lambda one: one.rank).route.name


@pytest.mark.parametrize(("host", "method", "path", "headers", "name"), CASES)
def test_a_request_takes_the_most_specific_route(
    host: str, method: str, path: str, headers: dict[str, str], name: str
) -> None:
    assert verdict(host, method, path, headers) == name


@pytest.mark.slow
def test_a_real_gateway_decides_alike(driver: Driver, proxy: Proxy, serve: Serve) -> None:
    upstreams = {}
    for number, one in enumerate(ROUTES):
        address = f"127.0.0.{number + 10}"
        node = Node(host=address, port=serve(address))
        upstreams[address] = Upstream(id=one.name, name=one.name, nodes=(node,))
    driver.replace(
        {f"upstream/{one.id}": one for one in upstreams.values()}
        | {f"route/{one.id}": one for one in ROUTES}
    )

    def answered(host: str, method: str, path: str, headers: dict[str, str]) -> str:
        status, text = proxy.get(host, path, method=method, **headers)
        known = upstreams.get(text.partition(" ")[0])
        return known.name if known else str(status)

    eventually(lambda: answered(HOST, "GET", "/shop/cart", {}) == "cart-exactly")
    wrong = [
        (case[:4], name, got)
        for case in CASES
        if (got := answered(*case[:4])) != (name := verdict(*case[:4]))
    ]
    assert not wrong


def test_no_two_routes_have_the_same_rank() -> None:
    path = Path(path="/")
    ranks = {matching.rank(one, host=HOST, path=path) for one in ROUTES}
    assert len(ranks) == len(ROUTES)


def test_every_step_outweighs_all_that_follow() -> None:
    most = {"methods": ("GET",), "expressions": CANARY * 300}
    steps = [
        ("*.a.org", Path(path="/" + "x" * 8_190, exact=True), most),
        ("shop.example.org", Path(path="/"), {}),
        ("shop.example.org", Path(path="/"), most),
        ("shop.example.org", Path(path="/", exact=True), {}),
        ("shop.example.org", Path(path="/x"), {}),
        ("shop.example.org", Path(path="/x"), {"expressions": CANARY * 255}),
        ("shop.example.org", Path(path="/x"), {"methods": ("GET",)}),
    ]
    ranks = [
        matching.rank(Route(id="r", name="r", upstream="u", **fields), host=host, path=path)
        for host, path, fields in steps
    ]
    assert all(less < more for less, more in itertools.pairwise(ranks))
    assert max(ranks) < 2**53  # what JSON and every gateway can hold


@pytest.mark.parametrize(
    ("path", "cleaned"),
    [("/", "/"), ("//a", "/a"), ("/a/./b/../c/", "/a/c/"), ("/a/..", "/"), ("/a/b/.", "/a/b/")],
)
def test_paths_are_cleaned(path: str, cleaned: str) -> None:
    assert matching.clean(path) == cleaned
