"""Which route a request takes is the contract's word, and a real Envoy's."""

from __future__ import annotations

import http.client
import itertools

import pytest

from console.contract import matching
from console.contract.wire import Expression, Node, Path, Route, Upstream
from tests.gateways import test_matching as contract
from tests.gateways.conftest import Serve, serve
from tests.threads import eventually
from tests.xds.bed import Bed

from .conftest import Publish

__all__ = ["serve"]

pytestmark = [pytest.mark.slow]
HOST = contract.HOST


def upstreams(routes: list[Route], serve: Serve) -> dict[str, Upstream]:
    """One for each route, by the address that it answers with."""
    found = {}
    for number, one in enumerate(routes):
        address = f"127.0.0.{number + 10}"
        node = Node(host=address, port=serve(address))
        found[address] = Upstream(id=one.name, name=one.name, nodes=(node,))
    return found


def resources(routes: list[Route], of: dict[str, Upstream]) -> dict:
    return {f"upstream/{one.id}": one for one in of.values()} | {
        f"route/{one.id}": one for one in routes
    }


def test_a_real_envoy_decides_as_the_contract_says(
    envoy: Bed, publish: Publish, serve: Serve
) -> None:
    of = upstreams(contract.ROUTES, serve)
    publish(resources(contract.ROUTES, of))

    def answered(host: str, method: str, path: str, headers: dict[str, str]) -> str:
        status, text = envoy.get(host, path, method=method, **headers)
        known = of.get(text.partition(" ")[0])
        return known.name if known else str(status)

    eventually(lambda: answered(HOST, "GET", "/shop/cart", {}) == "cart-exactly", within=20)
    wrong = [
        (case[:4], wanted, got)
        for case in contract.CASES
        if (got := answered(*case[:4])) != (wanted := contract.verdict(*case[:4]))
    ]
    assert not wrong


def expression(subject: str, operator: str, name: str = "", value: str = "") -> Expression:
    return Expression(subject=subject, operator=operator, name=name, value=value)


# Each with requests below; which of them fit is the contract's to say.
EXPRESSIONS = [
    expression("header", "equal", "X-Env", "test"),
    expression("header", "not_equal", "X-Env", "test"),
    expression("header", "regex_match", "X-Env", "^te|st$"),
    expression("header", "regex_not_match", "X-Env", "es"),
    expression("header", "regex_match", "X-Env", r"[\]a-f-]\d{2,}"),
    expression("header", "regex_match", "X-Env", "(?i)TES"),
    expression("header", "present", "X-Env"),
    expression("header", "not_present", "X-Env"),
    expression("query", "equal", "q", "a b&c"),
    expression("query", "equal", "q", ""),
    expression("query", "not_equal", "q", "1"),
    expression("query", "regex_match", "q", "^1.*2$"),
    expression("query", "regex_match", "q", "1|2"),
    expression("query", "regex_match", "q", "[^1]$"),
    expression("query", "regex_not_match", "q", r"\D"),
    expression("query", "present", "q"),
    expression("query", "not_present", "q"),
    expression("cookie", "equal", "sid", "a1"),
    expression("cookie", "not_equal", "sid", "a1"),
    expression("cookie", "regex_match", "sid", "^a[0-9]+$"),
    expression("cookie", "present", "sid"),
    expression("cookie", "not_present", "sid"),
    expression("path", "equal", "", "/p/x"),
    expression("path", "not_equal", "", "/p/x"),
    expression("path", "regex_match", "", "^/p/[a-z]+$"),
    expression("path", "regex_not_match", "", "x$"),
]
REQUESTS: list[tuple[str, dict[str, str]]] = [
    ("/p/x", {}),
    ("/p/x?a=b", {}),
    ("/p/y?x=/p/x", {}),
    ("/p/1", {"X_Portolan_Path": "/p/x"}),
    *[("/p/x", {"X_Env": value}) for value in ("test", "tes", "TEST", "]12", "a1", "x")],
    *[
        (f"/p/x?{query}", {})
        for query in (
            "q=1",
            "q=2&q=1",
            "q=12",
            "q=1&r=2",
            "r=1&q=3",
            "qq=1",
            "q",
            "q=",
            "q=a%20b%26c",
            "q=a+b%26c",
            "%71=1",
            "r=q=1",
        )
    ],
    *[
        ("/p/x", {"Cookie": value})
        for value in ("sid=a1", "x=1; sid=a1; y=2", "xsid=a1", "sid=a", 'sid="a1"', "x=sid=a1")
    ],
]


def test_every_expression_means_the_same(envoy: Bed, publish: Publish, serve: Serve) -> None:
    """Each expression has a host of its own, so that all are asked of one configuration."""
    routes = [
        Route(
            id=f"e{number}",
            name=f"e{number}",
            upstream="yes",
            hosts=(f"e{number}.org",),
            expressions=(one,),
        )
        for number, one in enumerate(EXPRESSIONS)
    ]
    node = Node(host="127.0.0.1", port=serve("127.0.0.1"))
    ready = Route(id="ready", name="ready", upstream="yes", hosts=("ready.org",))
    publish(
        resources([*routes, ready], {"127.0.0.1": Upstream(id="yes", name="yes", nodes=(node,))})
    )
    eventually(lambda: envoy.get("ready.org")[0] == 200, within=20)
    wrong = []
    for route, (path, headers) in itertools.product(routes, REQUESTS):
        said = _fits(route, path, headers)
        got = envoy.get(route.hosts[0], path, **headers)[0]
        if said is not None and got != (200 if said else 404):
            wrong.append((route.expressions[0], path, headers, said, got))
    assert not wrong


def _fits(route: Route, path: str, headers: dict[str, str]) -> bool | None:
    from urllib.parse import parse_qsl

    bare, _, query = path.partition("?")
    request = matching.Request(
        host=route.hosts[0],
        path=bare,
        query=tuple(parse_qsl(query, keep_blank_values=True)),
        headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()),
    )
    return matching.judge(route, request).fits


def test_prefixes_strips_hosts_and_methods(envoy: Bed, publish: Publish, serve: Serve) -> None:
    port = serve("127.0.0.1")
    nodes = (Node(host="127.0.0.1", port=port),)
    of = {
        "pass": Upstream(id="pass", name="pass", nodes=nodes),
        "node": Upstream(id="node", name="node", nodes=nodes, host_mode="node"),
        "named": Upstream(
            id="named", name="named", nodes=(Node(host="localhost", port=port),), host_mode="node"
        ),
    }
    routes = [
        Route(
            id="strip",
            name="strip",
            upstream="pass",
            hosts=("strip.org",),
            paths=(Path(path="/shop"),),
            strip_prefix="/shop",
        ),
        Route(
            id="rewrite",
            name="rewrite",
            upstream="pass",
            hosts=("rewrite.org",),
            rewrite_host="inner.org",
        ),
        Route(id="node", name="node", upstream="node", hosts=("node.org",)),
        Route(id="named", name="named", upstream="named", hosts=("named.org",)),
        Route(id="tls", name="tls", upstream="pass", hosts=("tls.org",), redirect_https=True),
    ]
    publish(resources(routes, of))
    eventually(lambda: envoy.get("strip.org", "/shop")[0] == 200, within=20)
    eventually(lambda: envoy.get("named.org")[0] == 200, within=20)
    cases = [
        ("strip.org", "/shop", "/", "strip.org"),
        ("strip.org", "/shop/", "/", "strip.org"),
        ("strip.org", "/shop/cart?x=/shop/", "/cart?x=/shop/", "strip.org"),
        ("strip.org", "/shop/shop/x", "/shop/x", "strip.org"),
        ("rewrite.org", "/x", "/x", "inner.org"),
        ("node.org", "/x", "/x", f"127.0.0.1:{port}"),
        ("named.org", "/x", "/x", f"localhost:{port}"),
    ]
    for host, path, arrived, named in cases:
        assert envoy.get(host, path) == (200, f"127.0.0.1 {arrived} {named}")
    assert envoy.get("strip.org", "/shopping")[0] == 404
    # A client's word on how it came counts for nothing.
    for headers in ({}, {"X-Forwarded-Proto": "https"}):
        connection = http.client.HTTPConnection("127.0.0.1", envoy.port, timeout=5)
        connection.request("GET", "/x?y=1", headers={"Host": "tls.org", **headers})
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Location"]) == (301, "https://tls.org/x?y=1")
        connection.close()
