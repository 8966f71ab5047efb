"""One value's way through the house: a slice patched in the cluster is what the gateway calls."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.house import House
from tests.threads import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

HOST = "flow.example.org"


@pytest.fixture(scope="module")
def published(house: House) -> Iterator[None]:
    registry = house.made(
        "registries/",
        {
            "name": "flow",
            "server": house.cluster.server,
            "ca_bundle": house.cluster.ca,
            "token": house.cluster.token,
        },
    )
    house.rest()
    application = house.made(
        "applications/",
        {
            "name": "flow",
            "hosts": [HOST],
            "upstream": {
                "members": [
                    {
                        "kind": "discovery",
                        "registry": registry["id"],
                        "namespace": "flow",
                        "service": "web",
                    }
                ]
            },
        },
    )
    api = house.made(
        f"applications/{application['id']}/apis/", {"name": "all", "paths": [{"path": "/"}]}
    )
    house.made(f"applications/{application['id']}/apis/{api['id']}/publish/", {})
    house.made(f"applications/{application['id']}/publish/", {})
    yield
    house.api("DELETE", f"applications/{application['id']}/apis/{api['id']}/")
    house.api("DELETE", f"applications/{application['id']}/")
    house.api("DELETE", f"registries/{registry['id']}/")


def replicas(house: House) -> dict[str, tuple[str, int]]:
    """Where the cluster's real replicas listen, by the name that they answer with."""
    found: dict[str, tuple[str, int]] = {}
    for item in house.cluster.list("endpointslices", "apisix"):
        port = item["ports"][0]["port"]
        for one in item["endpoints"]:
            if "targetRef" not in one:
                continue  # made by hand by another test
            found[one["targetRef"]["name"]] = (one["addresses"][0], port)
    return found


def serve(house: House, pod: str) -> None:
    address, port = replicas(house)[pod]
    house.cluster.put_service("flow", "web", ports=[port], addresses=[address])


@pytest.mark.usefixtures("published")
def test_a_patched_slice_is_served_from_the_new_node(house: House) -> None:
    first, second, *_ = sorted(replicas(house))
    serve(house, first)
    eventually(lambda: house.get(HOST) == (200, first), within=10)
    serve(house, second)
    eventually(lambda: house.get(HOST) == (200, second))
    assert house.pods(HOST) == ({200}, {second})


@pytest.mark.usefixtures("published")
def test_an_unready_node_is_left_out_and_none_is_503(house: House) -> None:
    first, *_ = sorted(replicas(house))
    serve(house, first)
    eventually(lambda: house.get(HOST) == (200, first), within=10)
    address, port = replicas(house)[first]
    house.cluster.put_service("flow", "web", ports=[port], addresses=[address], ready=False)
    eventually(lambda: house.get(HOST)[0] == 503)
    serve(house, first)
    eventually(lambda: house.get(HOST) == (200, first))


@pytest.mark.usefixtures("published")
def test_a_failing_api_server_takes_no_node_away(house: House) -> None:
    first, *_ = sorted(replicas(house))
    serve(house, first)
    eventually(lambda: house.get(HOST) == (200, first), within=10)
    house.cluster.fault("status", code=500, count=1000)
    house.cluster.fault("drop-watches")
    try:
        for _ in range(20):
            assert house.get(HOST) == (200, first)
    finally:
        house.cluster.clear_faults()
