"""Finding, from any page by one key."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.house import House
from tests.threads import eventually

pytestmark = pytest.mark.slow


@pytest.fixture
def registry(house: House) -> Iterator[str]:
    """The id of a registry of the test's own, with the practice service in it."""
    made = house.made(
        "registries/",
        {
            "name": f"found-{time.time_ns()}",
            "server": house.cluster.server,
            "token": house.cluster.token,
            "ca_bundle": house.cluster.ca,
        },
    )
    eventually(lambda: house.api("GET", _service(made["id"]))[0] == 200, within=30)
    yield made["id"]
    house.api("DELETE", f"registries/{made['id']}/")


def _service(registry: str) -> str:
    return f"registries/{registry}/services/apisix/httpbin/"


def test_a_slash_leads_to_anything(inside: Page, house: House, registry: str) -> None:
    name = house.api("GET", f"registries/{registry}/")[1]["name"]
    inside.keyboard.press("/")
    expect(inside.get_by_role("searchbox", name="Find anything")).to_be_focused()
    inside.keyboard.type(name)
    inside.keyboard.press("Enter")
    inside.get_by_role("link", name=name, exact=True).click()
    expect(inside.get_by_role("heading", name=name)).to_be_visible()


def test_results_come_as_one_types_and_an_address_leads_to_its_service(
    inside: Page, house: House, registry: str
) -> None:
    [subset] = house.api("GET", _service(registry))[1]["subsets"]
    typed = f"{subset['endpoints'][0]['address']}:8081"
    inside.goto("/find/")
    inside.keyboard.type("nothing has this name")
    expect(inside.get_by_text("Nothing found")).to_be_visible()
    inside.get_by_role("searchbox", name="Part of a name").fill(typed)
    found = inside.locator("#found").get_by_role("link").first
    expect(found).to_contain_text("apisix/httpbin")
    inside.reload()
    expect(found).to_contain_text("apisix/httpbin")
    found.click()
    expect(inside.get_by_role("heading", name="httpbin")).to_be_visible()


def test_a_slash_that_is_typed_is_a_slash(inside: Page) -> None:
    inside.goto("/applications/trace/")
    path = inside.get_by_label("Path", exact=True)
    path.fill("")
    inside.keyboard.type("/a/b")
    expect(path).to_have_value("/a/b")
