"""What we make of one EndpointSlice or Endpoints object."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from console.contract.wire import Endpoint, Port, Subset
from registries.kube.parts import to_part
from registries.kube.slices import ENDPOINT_SLICES, decode
from tests.registries.parts import must, read_endpoints, read_slice, slice_object

TRISTATE = (None, True, False)


@pytest.mark.parametrize("ready", TRISTATE)
@pytest.mark.parametrize("serving", TRISTATE)
@pytest.mark.parametrize("terminating", TRISTATE)
def test_conditions_have_their_documented_defaults(
    ready: bool | None, serving: bool | None, terminating: bool | None
) -> None:
    given = {"ready": ready, "serving": serving, "terminating": terminating}
    for conditions in (given, {key: value for key, value in given.items() if value is not None}):
        found = must(read_slice(endpoints=[{"addresses": ["10.0.0.1"], "conditions": conditions}]))
        [endpoint] = found.subsets[0].endpoints
        assert endpoint.ready is (ready is not False)
        assert endpoint.serving is (serving is not False)
        assert endpoint.terminating is (terminating is True)


@pytest.mark.parametrize("endpoint", [{}, {"conditions": None}, {"conditions": {}}])
def test_an_endpoint_without_conditions_is_ready(endpoint: dict[str, Any]) -> None:
    found = must(read_slice(endpoints=[{"addresses": ["10.0.0.1"], **endpoint}]))
    assert found.subsets[0].endpoints == (Endpoint(address="10.0.0.1"),)


def test_an_endpoint_says_where_it_is() -> None:
    endpoint = {
        "addresses": ["10.0.0.1", "10.0.0.9"],
        "nodeName": "node-1",
        "zone": "zone-a",
        "targetRef": {"kind": "Pod", "name": "web-1", "uid": "u"},
        "hints": {"forZones": [{"name": "zone-b"}]},
    }
    [found] = must(read_slice(endpoints=[endpoint])).subsets[0].endpoints
    assert found == Endpoint(address="10.0.0.1", node="node-1", zone="zone-a", pod="web-1")


def test_what_is_no_pod_is_not_called_one() -> None:
    endpoint = {"addresses": ["10.0.0.1"], "targetRef": {"kind": "Node", "name": "n"}}
    assert must(read_slice(endpoints=[endpoint])).subsets[0].endpoints[0].pod == ""


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ([{"port": 80}], (Port(port=80),)),
        ([{"name": None, "port": 80, "protocol": None}], (Port(port=80),)),
        ([{"name": "", "port": 80}], (Port(port=80),)),
        (
            [{"name": "dns", "port": 53, "protocol": "UDP"}, {"name": "dns", "port": 53}],
            (Port(port=53, name="dns"), Port(port=53, name="dns", protocol="UDP")),
        ),
        (
            [{"name": "b", "port": 2}, {"name": "a", "port": 3}, {"name": "a", "port": 1}],
            (Port(port=1, name="a"), Port(port=3, name="a"), Port(port=2, name="b")),
        ),
        (
            [{"name": "g", "port": 9, "appProtocol": "kubernetes.io/h2c"}],
            (Port(port=9, name="g", app="kubernetes.io/h2c"),),
        ),
        ([{"name": "all"}], ()),
        ([{"port": 0}, {"port": 65_536}, {"port": -1}, {"port": 65_535}], (Port(port=65_535),)),
        ([], ()),
        (None, ()),
    ],
)
def test_ports(ports: Any, expected: tuple[Port, ...]) -> None:
    found = must(read_slice(ports=ports))
    assert found.subsets == (Subset(ports=expected, endpoints=(Endpoint(address="10.0.0.1"),)),)
    left_out = len(ports or ()) - len(expected)
    assert found.refused == ({"port without a number": left_out} if left_out else {})


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("10.0.0.1", ""),
        ("192.168.1.1", ""),
        ("100.64.0.1", ""),
        ("8.8.8.8", ""),
        ("fd00::1", ""),
        ("2001:db8::1", ""),
        ("127.0.0.1", "a loopback address"),
        ("127.8.9.1", "a loopback address"),
        ("::1", "a loopback address"),
        ("::ffff:127.0.0.1", "a loopback address"),
        ("169.254.169.254", "a link-local address"),
        ("::ffff:169.254.169.254", "a link-local address"),
        ("fe80::1", "a link-local address"),
        ("0.0.0.0", "the unspecified address"),  # noqa: S104 - an address in a test
        ("::", "the unspecified address"),
        ("::ffff:0.0.0.0", "the unspecified address"),
        ("224.0.0.1", "a multicast address"),
        ("ff02::1", "a multicast address"),
        ("100.100.100.200", "the address of a metadata service"),
        ("fd00:ec2::254", "the address of a metadata service"),
        ("fd00:ec2::254%1", "not an address"),
        ("fe80::1%eth0", "not an address"),
        ("example.org", "not an address"),
        ("10.0.0.256", "not an address"),
        ("010.0.0.1", "not an address"),
        ("0x0a000001", "not an address"),
        ("10.0.0.1:80", "not an address"),
        ("10.0.0.1/24", "not an address"),
        ("", "not an address"),
        ("10.0.0.1\n", "not an address"),
    ],
)
def test_addresses_that_are_published_and_those_that_are_not(address: str, reason: str) -> None:
    kind = "IPv6" if ":" in address else "IPv4"
    found = must(read_slice(addressType=kind, endpoints=[{"addresses": [address]}]))
    assert found.refused == ({reason: 1} if reason else {})
    assert bool(found.subsets) is not bool(reason)


def test_loopback_is_published_where_it_is_allowed_and_nothing_else() -> None:
    addresses = ["127.0.0.1", "169.254.169.254", "0.0.0.0"]  # noqa: S104 - an address in a test
    found = must(
        read_slice(allow_loopback=True, endpoints=[{"addresses": [one]} for one in addresses])
    )
    assert [one.address for one in found.subsets[0].endpoints] == ["127.0.0.1"]
    assert sum(found.refused.values()) == 2


@pytest.mark.parametrize("endpoint", [{"addresses": []}, {"addresses": None}, {}])
def test_an_endpoint_without_address_is_left_out(endpoint: dict[str, Any]) -> None:
    found = must(read_slice(endpoints=[endpoint, {"addresses": ["10.0.0.2"]}]))
    assert [one.address for one in found.subsets[0].endpoints] == ["10.0.0.2"]


@pytest.mark.parametrize(
    ("kind", "family", "published"),
    [("IPv4", 4, True), ("IPv6", 6, True), ("FQDN", 0, False), ("", 0, False)],
)
def test_address_types(kind: str, family: int, published: bool) -> None:
    found = must(read_slice(addressType=kind))
    assert found.family == family
    assert bool(found.subsets) is published
    assert bool(found.refused) is not published


@pytest.mark.parametrize("endpoints", [[], None])
def test_a_slice_without_endpoints_is_still_of_its_service(endpoints: Any) -> None:
    found = must(read_slice(endpoints=endpoints))
    assert (found.service, found.subsets) == ("web", ())


@pytest.mark.parametrize(
    "metadata",
    [
        {"labels": None},
        {"labels": {}},
        {"labels": {"kubernetes.io/service-name": ""}},
        {"labels": {"kubernetes.io/service-name": "../../etc"}},
        {"labels": {"kubernetes.io/service-name": "web\n"}},
        {"labels": {"kubernetes.io/service-name": "Web"}},
        {"labels": {"kubernetes.io/service-name": "w" * 254}},
        {"name": "a/b"},
        {"name": "a`b"},
        {"name": ""},
        {"namespace": "shop}:states"},
        {"namespace": ""},
        {"namespace": "-shop"},
    ],
)
def test_impossible_names_are_passed_over(metadata: dict[str, Any]) -> None:
    assert read_slice(metadata=metadata) is None


def test_fields_we_do_not_know_do_no_harm() -> None:
    assert read_slice(kind="EndpointSlice", futureField={"a": [1]}) is not None


def test_what_does_not_fit_is_a_decode_error() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(ENDPOINT_SLICES, msgspec.json.encode(slice_object(metadata={"name": 1})))
    with pytest.raises(msgspec.DecodeError):
        to_part(decode(ENDPOINT_SLICES, b"{}"))


def test_an_endpoint_that_does_not_fit_is_left_out_alone() -> None:
    good, bad = {"addresses": ["10.0.0.1"]}, {"addresses": "10.0.0.2"}
    found = must(read_slice(endpoints=[good, bad]))
    assert [one.address for one in found.subsets[0].endpoints] == ["10.0.0.1"]
    assert found.refused == {"an endpoint that cannot be read": 1}
    assert must(read_slice(ports="x")).refused == {"port without a number": 1}


def test_what_is_said_again_is_the_same_object() -> None:
    first, second = must(read_slice()), must(read_slice())
    assert first.subsets[0].endpoints[0] is second.subsets[0].endpoints[0]


def test_endpoints_tell_ready_from_not_ready() -> None:
    subsets = [
        {
            "addresses": [{"ip": "10.0.0.1", "nodeName": "n", "targetRef": {"name": "web-1"}}],
            "notReadyAddresses": [{"ip": "10.0.0.2"}],
            "ports": [{"name": "http", "port": 8080}],
        },
        {"addresses": [{"ip": "fd00::3"}], "ports": [{"port": 9090}]},
        {"addresses": None, "notReadyAddresses": None, "ports": None},
    ]
    found = must(read_endpoints(subsets))
    assert found.family == 0
    assert found.subsets == (
        Subset(
            ports=(Port(port=8080, name="http"),),
            endpoints=(
                Endpoint(address="10.0.0.1", node="n", pod="web-1"),
                Endpoint(address="10.0.0.2", ready=False, serving=False),
            ),
        ),
        Subset(ports=(Port(port=9090),), endpoints=(Endpoint(address="fd00::3"),)),
    )


def test_endpoints_that_the_cluster_cut_off_are_marked() -> None:
    key = "endpoints.kubernetes.io/over-capacity"
    assert must(read_endpoints([], annotations={key: "truncated"})).truncated
    assert not must(read_endpoints([], annotations={key: "warning"})).truncated
    assert not must(read_endpoints(None)).truncated
