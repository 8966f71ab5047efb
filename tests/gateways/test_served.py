"""A real Traefik understands what is rendered: every balance, expressions, wildcard hosts."""

from __future__ import annotations

import pytest

from console.contract.wire import Node, Route, Upstream
from gateways.drivers.base import Driver
from tests.gateways.conftest import Proxy, Serve
from tests.gateways.examples import route, where
from tests.gateways.test_traefik import driver, tree
from tests.threads import eventually

__all__ = ["driver", "tree"]

HOST = "shop.example.org"


def upstream(port: int, **fields: object) -> Upstream:
    nodes = (Node(host="127.0.0.1", port=port),)
    return Upstream(id="u1", name="shop/default", nodes=nodes, **fields)


def test_every_balance(driver: Driver, proxy: Proxy, serve: Serve) -> None:
    port = serve("127.0.0.1")
    resources: dict = {}
    balances = ("roundrobin", "least_conn", "ewma", "consistent_hash")
    for number, balance in enumerate(balances):
        one = Upstream(
            id=f"u{number}",
            name=balance,
            nodes=(Node(host="127.0.0.1", port=port),),
            balance=balance,
            hash_key="remote_addr",
        )
        resources[f"upstream/u{number}"] = one
        resources[f"route/r{number}"] = Route(
            id=f"r{number}", name=balance, upstream=one.id, hosts=(f"h{number}.org",)
        )
    driver.replace(resources)
    for number, balance in enumerate(balances):
        eventually(lambda n=number: proxy.get(f"h{n}.org")[0] == 200, what=balance)


X = "X-Env"


@pytest.mark.slow
def test_expressions_and_hosts(driver: Driver, proxy: Proxy, serve: Serve) -> None:
    port = serve("127.0.0.1")
    cases: list[tuple[Route, list[tuple[str, str, dict, int]]]] = [
        (
            where(("header", "equal", X, "test")),
            [(HOST, "/cart", {"X_Env": "test"}, 200), (HOST, "/cart", {"X_Env": "tes"}, 404)],
        ),
        (
            where(("header", "not_equal", X, "test")),
            [(HOST, "/cart", {"X_Env": "test"}, 404), (HOST, "/cart", {}, 200)],
        ),
        (
            where(("header", "present", X, "")),
            [(HOST, "/cart", {"X_Env": "a"}, 200), (HOST, "/cart", {}, 404)],
        ),
        (
            where(("header", "not_present", X, "")),
            [(HOST, "/cart", {"X_Env": "a"}, 404), (HOST, "/cart", {}, 200)],
        ),
        (
            where(("query", "regex_match", "user", "^a.*")),
            [(HOST, "/cart?user=anna", {}, 200), (HOST, "/cart?user=bo", {}, 404)],
        ),
        (
            where(("path", "regex_not_match", "", "^/cart/[a-z]+$")),
            [(HOST, "/cart/7", {}, 200), (HOST, "/cart/seven", {}, 404)],
        ),
        (
            where(
                ("header", "equal", X, "test"), ("query", "present", "debug", ""), match_any=True
            ),
            [(HOST, "/cart?debug=1", {}, 200), (HOST, "/cart", {}, 404)],
        ),
        (
            route(hosts=("*.example.org",)),
            [
                ("a.example.org", "/cart", {}, 200),
                ("a.b.example.org", "/cart", {}, 404),
                ("example.org", "/cart", {}, 404),
                ("axexample.org", "/cart", {}, 404),
            ],
        ),
    ]
    for resource, requests in cases:
        driver.replace({"upstream/u1": upstream(port), "route/r1": resource})
        for host, path, headers, status in requests:
            eventually(
                lambda h=host, p=path, k=headers, s=status: proxy.get(h, p, **k)[0] == s,
                what=f"{resource.expressions or resource.hosts} {path} {headers} → {status}",
            )
