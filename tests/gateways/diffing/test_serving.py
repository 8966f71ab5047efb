"""What is compiled beside what a gateway serves."""

from __future__ import annotations

import pytest

from console.contract.wire import Node, Resource, Route, Upstream
from gateways.diffing import Differing, differences
from gateways.drivers.base import Served


def upstream(*nodes: Node) -> dict[str, Resource]:
    return {"upstream/u": Upstream(id="u", name="shop/default", nodes=nodes)}


def node(host: str, **more: int) -> Node:
    return Node(host=host, port=80, **more)


def served(*addresses: str) -> Served:
    return Served(upstreams={"upstream/u": addresses})


def test_the_same_addresses_are_no_difference() -> None:
    compiled = upstream(node("10.0.0.1"), node("10.0.0.2"))
    assert differences(compiled, served("10.0.0.2:80", "10.0.0.1:80")) == []


def test_missing_and_extra_addresses_are_named() -> None:
    [one] = differences(
        upstream(node("10.0.0.1"), node("10.0.0.2")), served("10.0.0.2:80", "10.0.0.9:80")
    )
    assert (one.key, one.name, one.what) == ("upstream/u", "shop/default", Differing.NODES)
    assert one.missing == ("10.0.0.1:80",)
    assert one.extra == ("10.0.0.9:80",)


@pytest.mark.parametrize(
    "has", [("10.0.0.1:80",), ("10.0.0.1:80", "10.0.0.2:80"), ("10.0.0.1:80", "10.0.0.3:80")]
)
def test_nodes_without_weight_and_of_lower_priority_may_be_there_or_not(has: tuple[str]) -> None:
    compiled = upstream(node("10.0.0.1"), node("10.0.0.2", weight=0), node("10.0.0.3", priority=-1))
    assert differences(compiled, served(*has)) == []


@pytest.mark.parametrize("has", ["fd00::1:80", "[fd00::1]:80"])
def test_an_ipv6_address_is_the_same_in_both_spellings(has: str) -> None:
    assert differences(upstream(node("fd00::1")), served(has)) == []


def test_what_the_gateway_has_not_at_all_is_told_and_what_nobody_needs_is_not() -> None:
    route = Route(id="r", name="shop/cart", upstream="u")
    compiled = upstream(node("10.0.0.1")) | {"route/r": route}
    found = differences(compiled, Served(upstreams={}))
    assert [(one.key, one.what) for one in found] == [
        ("route/r", Differing.ABSENT),
        ("upstream/u", Differing.ABSENT),
    ]
    assert differences(upstream(), Served(upstreams={})) == []
    assert differences(compiled, Served(upstreams={}), refused=compiled.keys()) == []


def test_what_is_compiled_no_more_is_a_stranger() -> None:
    [one] = differences({}, Served(upstreams={"upstream/old": ("10.0.0.1:80",)}))
    assert (one.key, one.what, one.extra) == ("upstream/old", Differing.STRANGE, ("10.0.0.1:80",))
    [route] = differences({}, Served(upstreams={}, routes=frozenset({"route/old"})))
    assert route.what is Differing.STRANGE
