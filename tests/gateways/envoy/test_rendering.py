"""From resources to what Envoy reads: golden files, and what is refused by its name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from console.contract.wire import Resource, Upstream
from gateways.drivers.envoy import api, clusters, routes
from gateways.drivers.envoy.errors import Unsupported
from tests.gateways.examples import EXAMPLES, REFUSED, route, upstream, where

GOLDEN = Path(__file__).parents[1] / "golden" / "envoy"


def rendered(resource: Resource) -> Any:
    if isinstance(resource, Upstream):
        cluster = api.as_json(clusters.cluster(resource))
        return {"cluster": cluster, "assignment": api.as_json(clusters.assignment(resource))}
    made = routes.pieces(resource, routes.Traits())
    return [{"host": one.host, "rank": one.rank, "route": api.as_json(one.route)} for one in made]


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_resource_is_this(name: str) -> None:
    assert rendered(EXAMPLES[name]) == json.loads((GOLDEN / f"{name}.json").read_text())


def test_every_golden_file_has_its_example() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == EXAMPLES.keys()


@pytest.mark.parametrize("name", REFUSED["envoy"])
def test_what_cannot_be_said_is_refused_with_its_reason(name: str) -> None:
    resource, word = REFUSED["envoy"][name]
    with pytest.raises(Unsupported, match=word):
        rendered(resource)


def test_larger_priorities_of_ours_are_smaller_ones_of_envoys() -> None:
    found = rendered(EXAMPLES["upstream-with-weights-and-priorities"])["assignment"]
    by_priority = {
        one.get("priority", 0): [
            node["endpoint"]["address"]["socket_address"]["address"] for node in one["lb_endpoints"]
        ]
        for one in found["endpoints"]
    }
    assert by_priority == {0: ["10.0.0.1", "10.0.0.4"], 1: ["10.0.0.3"]}


@pytest.mark.parametrize(
    ("key", "policy"),
    [
        ("remote_addr", {"connection_properties": {"source_ip": True}}),
        ("uri", {"header": {"header_name": ":path"}}),
        ("header:X-User", {"header": {"header_name": "x-user"}}),
        ("cookie:sid", {"cookie": {"name": "sid"}}),
        ("query:id", {"query_parameter": {"name": "id"}}),
    ],
)
def test_a_hash_key_is_a_policy_of_the_routes(key: str, policy: object) -> None:
    of = routes.traits(upstream(balance="consistent_hash", hash_key=key))
    found = api.as_json(routes.pieces(route(), of)[0].route)
    assert found["route"]["hash_policy"] == [policy]


def test_requests_are_repeated_by_reset_only_if_their_methods_allow_it() -> None:
    def again(*methods: str) -> str:
        found = routes.pieces(route(methods=methods), routes.Traits())[0].route
        return found.route.retry_policy.retry_on

    assert "reset" in again("GET", "HEAD").split(",")
    assert "reset" not in again("GET", "POST").split(",")
    assert "reset" not in again().split(",")


def test_one_that_is_enough_is_a_route_of_its_own() -> None:
    header, query = ("header", "present", "X", ""), ("query", "present", "q", "")
    assert len(rendered(where(header, query, match_any=True))) == 2
    assert len(rendered(where(header, query))) == 1
