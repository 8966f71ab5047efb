"""From members to nodes."""

from __future__ import annotations

import pytest

from applications import nodes
from applications.compiler import upstream
from applications.specs import MemberSpec
from console.contract import wire
from console.contract.wire import Endpoint, Node, Port, Service, Subset
from tests.applications.specs import ADMIN, HTTP, discovered, service, static, upstream_spec

DNS = Port(port=8080, name="dns", protocol="UDP")
UNNAMED = Port(port=8000)


def hosts(found: wire.Upstream) -> list[str]:
    return [f"{node.host}:{node.port}" for node in found.nodes]


def compiled(
    *members: MemberSpec,
    services: dict[str, Service] | None = None,
    known: tuple[str, ...] = ("r1",),
    before: wire.Upstream | None = None,
) -> wire.Upstream:
    named = {("r1", f"shop/{name}"): state for name, state in (services or {}).items()}
    return upstream(upstream_spec(*members), named, known=known, before=before, now=0)


@pytest.mark.parametrize(
    ("ports", "wanted", "number"),
    [
        ((HTTP, ADMIN), "http", 8080),
        ((HTTP, ADMIN), "9090", 9090),
        ((HTTP, ADMIN), "", None),
        ((HTTP, ADMIN), "other", None),
        ((HTTP,), "", 8080),
        ((UNNAMED,), "", 8000),
        ((UNNAMED,), "8000", 8000),
        ((HTTP, DNS), "", 8080),
        ((DNS,), "dns", None),
        ((DNS,), "8080", None),
        ((), "", None),
        ((Port(port=1, name="2"), Port(port=2, name="x")), "2", 1),
    ],
)
def test_ports_by_name_number_or_because_it_is_the_only_one(
    ports: tuple[Port, ...], wanted: str, number: int | None
) -> None:
    found = compiled(
        discovered(service_port=wanted), services={"web": service("10.0.0.1", ports=ports)}
    )
    assert hosts(found) == ([] if number is None else [f"10.0.0.1:{number}"])
    assert nodes.has_port(service("10.0.0.1", ports=ports), wanted) is (number is not None)


def test_pods_may_differ_in_the_number_of_a_named_port() -> None:
    subsets = (
        Subset(ports=(HTTP,), endpoints=(Endpoint(address="10.0.0.2"),)),
        Subset(ports=(Port(port=81, name="http"),), endpoints=(Endpoint(address="10.0.0.1"),)),
        Subset(ports=(ADMIN,), endpoints=(Endpoint(address="10.0.0.3"),)),
    )
    state = Service(namespace="shop", name="web", subsets=subsets)
    assert hosts(compiled(discovered(), services={"web": state})) == [
        "10.0.0.1:81",
        "10.0.0.2:8080",
    ]
    assert nodes.offered_ports(state) == ["admin", "http"]


READY = Endpoint(address="10.0.0.1", zone="z")
STARTING = Endpoint(address="10.0.0.2", ready=False, serving=False)
DRAINING = Endpoint(address="10.0.0.3", ready=False, serving=True, terminating=True)
DYING = Endpoint(address="10.0.0.4", ready=False, serving=False, terminating=True)


@pytest.mark.parametrize(
    ("endpoints", "drain", "expected"),
    [
        ((READY, STARTING, DRAINING), False, ["10.0.0.1"]),
        ((READY, STARTING, DRAINING), True, ["10.0.0.1"]),
        ((STARTING, DRAINING, DYING), False, []),
        ((STARTING, DRAINING, DYING), True, ["10.0.0.3"]),
        ((STARTING, DYING), True, []),
        ((), True, []),
    ],
)
def test_who_is_sent_requests(
    endpoints: tuple[Endpoint, ...], drain: bool, expected: list[str]
) -> None:
    state = service(*endpoints, serve_terminating=drain)
    found = compiled(discovered(), services={"web": state})
    assert [node.host for node in found.nodes] == expected


def test_those_about_to_go_are_named_if_they_are_taken() -> None:
    emptying = service(DRAINING, "10.0.0.4", serve_terminating=True)
    ready = service(READY, DRAINING, serve_terminating=True)
    going = service(DRAINING, serve_terminating=True)

    def leaving(*members: MemberSpec, **services: Service) -> list[str]:
        found = compiled(*members, services=services)
        return [found.nodes[place].host for place in found.leaving]

    assert leaving(discovered(), web=going) == ["10.0.0.3"]
    assert leaving(discovered(), web=ready) == [], "they are not taken"
    assert leaving(discovered(), web=emptying) == []
    assert leaving(static("10.0.0.1"), discovered(), static("10.9.9.9"), web=going) == ["10.0.0.3"]
    assert leaving(static("10.0.0.3", 8080), discovered(), web=going) == [], "a person says so"
    assert leaving(discovered(), web=service()) == []


def test_an_unknown_registry_keeps_those_about_to_go_named() -> None:
    going = service(DRAINING, serve_terminating=True)
    before = compiled(discovered(), services={"web": going})
    assert before.leaving == (0,)
    assert compiled(discovered(), known=(), before=before).leaving == (0,)


def test_a_node_has_its_members_weight_and_priority_and_its_own_zone() -> None:
    found = compiled(
        discovered(weight=7, priority=-1),
        static("10.9.9.9", weight=3),
        services={"web": service(READY)},
    )
    assert found.nodes == (
        Node(host="10.0.0.1", port=8080, weight=7, priority=-1, zone="z"),
        Node(host="10.9.9.9", port=80, weight=3),
    )


def test_of_equal_addresses_the_first_members_counts() -> None:
    found = compiled(
        static("10.0.0.1", 8080, weight=1),
        discovered(weight=2),
        static("10.0.0.1", 8081),
        services={"web": service("10.0.0.1", "10.0.0.2")},
    )
    assert [(node.host, node.port, node.weight) for node in found.nodes] == [
        ("10.0.0.1", 8080, 1),
        ("10.0.0.1", 8081, 100),
        ("10.0.0.2", 8080, 2),
    ]


def test_absent_and_empty_services_of_a_known_registry_give_no_nodes() -> None:
    before = compiled(discovered(), services={"web": service("10.0.0.1")})
    assert hosts(before)
    for services in ({}, {"web": service()}):
        assert hosts(compiled(discovered(), services=services, before=before)) == []


def test_an_unknown_registry_keeps_the_nodes() -> None:
    before = compiled(discovered(), services={"web": service("10.0.0.1", observed_at=7)})
    found = compiled(discovered(), known=(), before=before)
    assert hosts(found) == ["10.0.0.1:8080"]
    assert found.observed_at == 7
    assert hosts(compiled(discovered(), static("10.9.9.9"), known=())) == ["10.9.9.9:80"]


def test_it_was_observed_when_its_newest_service_was() -> None:
    found = compiled(
        discovered(),
        discovered(service="api"),
        services={
            "web": service("10.0.0.1", observed_at=5),
            "api": service("10.0.0.2", observed_at=9),
        },
    )
    assert found.observed_at == 9


def test_the_settings_of_an_upstream_are_carried_over() -> None:
    spec = upstream_spec(
        static("10.0.0.1"),
        scheme="https",
        balance="ewma",
        retries=0,
        timeouts=wire.Timeouts(connect=1),
        host_mode="node",
        checks={"active": {}},
    )
    found = upstream(spec, {}, known=(), before=None, now=0)
    for name in ("id", "name", "scheme", "balance", "retries", "timeouts", "host_mode", "checks"):
        assert getattr(found, name) == getattr(spec, name)
    assert found.digest == wire.digest(found)
