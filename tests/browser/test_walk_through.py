"""The walk-through of the front page, by hand: registry, application, API, and the answer."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, expect

from tests.house import House

HOST = "browser.httpbin.org"


def _settings(tab: Page) -> None:
    tab.get_by_role("link", name="Settings", exact=True).first.click()
    tab.get_by_role("navigation", name="Settings").get_by_role(
        "link", name="Service Registry"
    ).click()


def _answers(house: House, host: str, seconds: float = 15) -> tuple[int, str]:
    """Ask until the gateway has heard of it."""
    end = time.monotonic() + seconds
    while (answer := house.get(host))[0] != 200 and time.monotonic() < end:
        time.sleep(0.1)
    return answer


@pytest.mark.slow
def test_from_a_cluster_to_the_first_answer(inside: Page, house: House) -> None:
    tab = inside

    _settings(tab)
    tab.get_by_role("link", name="Create Service Registry").first.click()
    tab.get_by_label("Name", exact=True).fill("walked")
    tab.get_by_label("API server").fill(house.cluster.server)
    tab.get_by_label("Service account token").fill(house.cluster.token)
    tab.get_by_label("CA bundle").fill(house.cluster.ca)
    tab.get_by_role("button", name="Create Service Registry").click()
    expect(tab.get_by_role("heading", name="walked")).to_be_visible()
    expect(tab.locator("#live")).to_contain_text("connected")
    expect(tab.locator("#services").get_by_role("link", name="httpbin")).to_be_visible()
    assert house.cluster.token not in tab.content()
    tab.get_by_role("button", name="Test now").click()
    expect(tab.locator("#test-result .ti-circle-check").first).to_be_visible()

    tab.get_by_role("link", name="Applications", exact=True).first.click()
    tab.get_by_role("link", name="Create Application").first.click()
    tab.get_by_label("Name", exact=True).fill("walked")
    tab.get_by_label("Hosts").fill(HOST)
    tab.get_by_label("Registry").first.select_option(label="walked")
    for field, option in (("Namespace", "apisix"), ("Service", "httpbin")):
        tab.get_by_label(field, exact=True).first.click()
        tab.get_by_role("listbox").get_by_role("option", name=option, exact=True).click()
    port = tab.get_by_label("Port", exact=True).first
    port.press("ArrowDown")
    port.press("ArrowDown")
    port.press("Enter")
    expect(tab.get_by_text("3 ready nodes")).to_be_visible()
    tab.get_by_label("Published").check()
    tab.get_by_role("button", name="Create Application").click()
    expect(tab.get_by_role("heading", name="walked")).to_contain_text("published")
    expect(tab.locator("#live")).to_contain_text("3 ready nodes")

    tab.get_by_role("link", name="Create API").click()
    tab.get_by_label("Name", exact=True).fill("anything")
    tab.get_by_label("Path", exact=True).fill("/anything")
    tab.get_by_role("button", name="Create API").click()
    expect(tab.get_by_text(f"/anything -H 'Host: {HOST}' -i")).to_be_visible()

    status, pod = _answers(house, HOST)
    assert status == 200
    assert pod.startswith("httpbin-")

    tab.get_by_role("switch", name="Published: anything").click()
    expect(tab.get_by_text("“anything” is no longer published.")).to_be_visible()


@pytest.mark.slow
def test_errors_stand_at_their_fields_and_nothing_typed_is_lost(inside: Page, house: House) -> None:
    tab = inside
    tab.goto("/settings/registries/new/")
    tab.get_by_label("Name", exact=True).fill("refused")
    tab.get_by_label("API server").fill(house.cluster.server)
    tab.get_by_label("Service account token").fill("wrong-token")
    tab.get_by_label("CA bundle").fill(house.cluster.ca)
    tab.get_by_role("button", name="Create Service Registry").click()
    expect(tab.locator("#id_token_error")).to_be_visible()
    expect(tab.get_by_label("Service account token")).to_be_focused()
    expect(tab.get_by_label("Name", exact=True)).to_have_value("refused")
    expect(tab.get_by_label("Service account token")).to_have_value("")

    tab.goto("/applications/new/")
    tab.get_by_role("button", name="Add member").click()
    second = tab.locator("[data-rows=members] > [data-row]").nth(1)
    second.get_by_text("Static address").click()
    second.get_by_label("Host").fill("not a host")
    second.get_by_label("Port", exact=True).last.fill("80")
    tab.get_by_role("button", name="Create Application").click()
    expect(tab.get_by_label("Name", exact=True)).to_be_focused()
    expect(tab.locator("#id_members-1-host_error")).to_contain_text("neither an IP address")
    expect(tab.locator("#id_members-1-host")).to_have_value("not a host")


@pytest.mark.slow
def test_no_page_is_wider_than_a_telephone(inside: Page) -> None:
    inside.set_viewport_size({"width": 390, "height": 844})
    for address in (
        "/",
        "/applications/",
        "/applications/new/",
        "/settings/",
        "/settings/registries/",
        "/settings/registries/new/",
        "/settings/gateways/new/",
        "/settings/tokens/",
        "/activity/",
    ):
        inside.goto(address)
        wider = inside.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wider <= 0, address
