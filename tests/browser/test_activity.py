"""The timeline as one looks at it: what happens appears, and what one reads stays where it is."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import axe
from tests.house import House
from tests.threads import eventually

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def registry(house: House) -> Iterator[str]:
    """The id of a registry of the test's own, whose cluster has been read."""
    made = house.made(
        "registries/",
        {
            "name": f"moving-{time.time_ns()}",
            "server": house.cluster.server,
            "token": house.cluster.token,
            "ca_bundle": house.cluster.ca,
        },
    )
    eventually(lambda: bool(_moves(house, made["id"])), within=30, what="the cluster is read")
    yield made["id"]
    house.api("DELETE", f"registries/{made['id']}/")


def _moves(house: House, registry: str) -> list[object]:
    status, answer = house.api("GET", f"activity/?kind=nodes&registry={registry}")
    assert status == 200
    found: list[object] = answer["results"]
    return found


def _open(tab: Page, query: str) -> None:
    tab.goto(f"/activity/{query}")
    expect(tab.locator("[data-live-sign][data-state=on]").first).to_be_attached()


@pytest.mark.slow
def test_a_scale_appears_with_its_pods(inside: Page, house: House, registry: str) -> None:
    pods = {one["metadata"]["name"] for one in house.cluster.list("Pod", "apisix")}
    _open(inside, f"?registry={registry}&service=apisix/httpbin")
    lines = inside.locator("[data-place]")
    expect(lines).to_have_count(0)
    house.cluster.scale("httpbin", 1)
    try:
        expect(lines.last).to_contain_text("3 → 1 ready")
        kept = {one["metadata"]["name"] for one in house.cluster.list("Pod", "apisix")}
        lines.last.locator("summary").click()
        named = lines.last.locator(".activity-nodes").inner_text()
        assert {one for one in pods if one in named} >= pods - kept
    finally:
        house.rest()
    news = inside.locator("#news a")
    expect(news).to_contain_text("new entr")  # something is unfolded: it stays
    news.click()
    expect(lines.first).to_contain_text("ready")
    expect(inside.locator("#news a")).to_have_count(0)
    assert lines.count() > 1
    assert axe.findings(inside) == []


@pytest.mark.slow
def test_a_change_appears_with_what_it_changed(inside: Page, house: House, registry: str) -> None:
    _open(inside, f"?object={registry}")
    status, _answer = house.api(
        "PATCH", f"registries/{registry}/", {"description": HOSTILE, "verify": False}
    )
    assert status == 200
    line = inside.locator("[data-place]", has_text="changed the service registry").first
    expect(line).to_contain_text("Description")
    expect(line.locator("ins")).to_have_text(HOSTILE)
    expect(line.locator("del")).to_have_text("empty")
    assert inside.locator("#live img").count() == 0
    assert axe.findings(inside) == []


@pytest.mark.slow
def test_a_hostile_pod_shows_as_text(inside: Page, house: House, registry: str) -> None:
    name = f"hostile-{time.time_ns()}"
    _open(inside, f"?registry={registry}&service=apisix/{name}")
    house.cluster.put_service("apisix", name)
    house.cluster.apply(
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": name,
                "namespace": "apisix",
                "labels": {"kubernetes.io/service-name": name},
            },
            "addressType": "IPv4",
            "ports": [{"port": 80}],
            "endpoints": [
                {
                    "addresses": ["127.1.77.1"],
                    "conditions": {"ready": True},
                    "targetRef": {"kind": "Pod", "name": HOSTILE, "namespace": "apisix"},
                }
            ],
        }
    )
    try:
        line = inside.locator("[data-place]").first
        expect(line).to_contain_text(name)
        line.locator("summary").click()
        expect(line).to_contain_text(HOSTILE)
        assert inside.locator("#live img").count() == 0
    finally:
        house.cluster.delete("EndpointSlice", "apisix", name)
        house.cluster.delete_service("apisix", name)


@pytest.mark.slow
def test_filters_are_in_the_address_and_work_by_keyboard(
    inside: Page, house: House, registry: str
) -> None:
    inside.goto("/activity/")
    search = inside.get_by_role("searchbox", name="Search")
    search.fill("moving-")
    search.press("Enter")
    expect(inside).to_have_url(re.compile("q=moving-"))
    inside.get_by_label("Show").select_option(label="Configuration")
    expect(inside).to_have_url(re.compile("kind=changes"))
    expect(inside.locator("[data-place]").first).to_contain_text("created the service registry")
    inside.locator("[data-place]").first.get_by_label("Only this object").press("Enter")
    expect(inside).to_have_url(re.compile(f"object={registry}"))
    expect(inside.get_by_text("Only what concerns the service registry moving-")).to_be_visible()
    with inside.expect_download() as download:
        inside.get_by_role("link", name="JSON export").click()
    assert download.value.suggested_filename == "activity.json"
