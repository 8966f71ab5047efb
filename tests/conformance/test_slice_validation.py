from __future__ import annotations

import pytest

from tests.conformance.space import service_of, slice_of


def causes(answer):
    assert answer.failure == (422, "Invalid"), answer.json
    return {cause["field"]: cause["reason"] for cause in answer.json["details"]["causes"]}


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"addressType": ""}, "addressType", "FieldValueRequired"),
        ({"addressType": "IPv9"}, "addressType", "FieldValueNotSupported"),
        ({"endpoints": [{"addresses": []}]}, "endpoints[0].addresses", "FieldValueRequired"),
        (
            {"endpoints": [{"addresses": ["x"]}]},
            "endpoints[0].addresses[0]",
            "FieldValueInvalid",
        ),
        ({"ports": [{"name": "a"}, {"name": "a"}]}, "ports[1].name", "FieldValueDuplicate"),
        ({"ports": [{"name": "UP", "port": 1}]}, "ports[0].name", "FieldValueInvalid"),
        (
            {"ports": [{"port": 1, "protocol": "X"}]},
            "ports[0].protocol",
            "FieldValueNotSupported",
        ),
        ({"metadata": {"name": "UPPER"}}, "metadata.name", "FieldValueInvalid"),
        (
            {"endpoints": [{"addresses": [f"10.1.0.{i}" for i in range(101)]}]},
            "endpoints[0].addresses",
            "FieldValueTooMany",
        ),
    ],
)
def test_a_bad_slice_is_422_with_field_and_reason(space, change, field, reason):
    found = causes(space.post("endpointslices", {**slice_of("a"), **change}))
    assert found.get(field) == reason


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("169.254.1.1", "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
        ("224.0.0.1", "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"),
        ("0.0.0.0", "may not be unspecified"),  # noqa: S104 - refused is what it must be
    ],
)
def test_addresses_that_nobody_can_have_are_refused(space, address, why):
    answer = space.post("endpointslices", slice_of("a", [address]))
    assert causes(answer) == {"endpoints[0].addresses[0]": "FieldValueInvalid"}
    assert why in answer.json["message"]


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8"])
def test_loopback_is_refused_but_for_the_practice_cluster(target, space, address):
    answer = space.post("endpointslices", slice_of("a", [address]))
    if target.practice:
        assert answer.status == 201
    else:
        assert causes(answer) == {"endpoints[0].addresses[0]": "FieldValueInvalid"}
        assert "may not be in the loopback range (127.0.0.0/8, ::1/128)" in answer.json["message"]


def test_the_message_names_kind_group_and_object(space):
    answer = space.post("endpointslices", slice_of("a", ["x"]))
    assert answer.json["message"].startswith(
        'EndpointSlice.discovery.k8s.io "a" is invalid: endpoints[0].addresses[0]: Invalid value: '
    )
    details = answer.json["details"]
    assert (details["name"], details["group"], details["kind"]) == (
        "a",
        "discovery.k8s.io",
        "EndpointSlice",
    )


def test_several_faults_are_told_together(space):
    answer = space.post("endpointslices", slice_of("a", ["x"], ports=[{"name": "UP"}]))
    assert causes(answer).keys() == {"endpoints[0].addresses[0]", "ports[0].name"}
    assert '"a" is invalid: [' in answer.json["message"]


def test_an_address_of_the_other_family_is_refused(space):
    answer = space.post("endpointslices", slice_of("a", ["2001:db8::1"]))
    (field,) = causes(answer)
    assert field.startswith("endpoints[0].addresses"), "newer servers leave the index out"
    assert "must be an IPv4 address" in answer.json["message"]


@pytest.mark.parametrize("address", ["10.0.0.1", "224.1.0.1", "255.255.255.255"])
def test_the_rest_is_admitted_however_odd(space, address):
    assert space.post("endpointslices", slice_of("a", [address])).status == 201


@pytest.mark.parametrize("port", [{"name": "x"}, {"port": 0}, {"port": 70000}, {"port": -5}])
def test_any_number_is_admitted_as_a_port_and_none_as_well(space, port):
    assert space.post("endpointslices", slice_of("a", ports=[port])).status == 201


@pytest.mark.parametrize(
    ("port", "code"), [({"port": 0}, 422), ({"port": 70000}, 422), ({"port": 80}, 201)]
)
def test_endpoints_are_stricter_with_their_ports(space, port, code):
    subset = {"addresses": [{"ip": "10.0.0.1"}], "ports": [port]}
    answer = space.post("endpoints", {"metadata": {"name": "web"}, "subsets": [subset]})
    assert answer.status == code
    if code == 422:
        assert causes(answer) == {"subsets[0].ports[0].port": "FieldValueInvalid"}


def test_the_address_type_is_for_ever(space):
    space.put_slices("a")
    answer = space.api.patch(space.path("endpointslices", "a"), {"addressType": "FQDN"})
    assert causes(answer).get("addressType") == "FieldValueInvalid"


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"ports": []}, "spec.ports"),
        ({"ports": [{"port": 0}]}, "spec.ports[0].port"),
        ({"ports": [{"port": 80}, {"port": 81}]}, "spec.ports[0].name"),
        ({"ports": [{"port": 80, "name": "UP"}]}, "spec.ports[0].name"),
        ({"ports": [{"port": 80, "protocol": "X"}]}, "spec.ports[0].protocol"),
        ({"type": "Odd"}, "spec.type"),
    ],
)
def test_a_bad_service_is_422_with_its_field(space, spec, field):
    assert field in causes(space.post("services", service_of("web", **spec)))
