"""A page that shows hundreds of services is as live as any other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.house import House

pytestmark = pytest.mark.slow

_EACH, _ALL = 50, 250


@pytest.fixture
def crowd(house: House, registry: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """What the names of some drafts begin with that follow very many services, and these."""
    mark = f"a-service-with-quite-a-long-name-{time.time_ns()}"
    names = [f"{mark}-{number:03}" for number in range(_ALL)]
    for first in range(0, _ALL, _EACH):
        members = [
            {
                "kind": "discovery",
                "registry": registry["id"],
                "namespace": "apisix",
                "service": name,
                "service_port": "web",
            }
            for name in names[first : first + _EACH]
        ]
        upstream = {"members": members}
        made = {"name": names[first], "hosts": [f"{first}.{mark}.org"], "upstream": upstream}
        house.made("applications/", made)
    yield mark, names
    house.cluster.delete("EndpointSlice", "apisix", names[-1])


def test_a_page_of_hundreds_of_services_hears_of_each(
    inside: Page, house: House, crowd: tuple[str, list[str]]
) -> None:
    mark, names = crowd
    with inside.expect_response(lambda one: "/live/?" in one.url) as stream:
        inside.goto(f"/applications/?q={mark}")
    assert stream.value.status == 200
    assert len(stream.value.url) < 16_000
    expect(inside.locator("[data-live-sign][data-state=on]").first).to_be_attached()
    nodes = inside.locator("#applications tr").last.locator(".nodes")
    expect(nodes).to_contain_text("0")
    house.cluster.apply(
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": names[-1],
                "namespace": "apisix",
                "labels": {"kubernetes.io/service-name": names[-1]},
            },
            "addressType": "IPv4",
            "ports": [{"name": "web", "port": 8080, "protocol": "TCP"}],
            "endpoints": [{"addresses": ["127.1.66.1"], "conditions": {"ready": True}}],
        }
    )
    expect(nodes).to_contain_text("1")
