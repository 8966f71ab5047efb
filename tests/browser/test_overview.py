"""The overview while things happen: what scales is counted, what breaks is told, nobody reloads."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import axe
from tests.house import House


@pytest.fixture
def registry(house: House) -> Iterator[str]:
    """The id of a registry of the test's own, by which the picture is told from others'."""
    made = house.made(
        "registries/",
        {
            "name": f"overview-{time.time_ns()}",
            "server": house.cluster.server,
            "token": house.cluster.token,
            "ca_bundle": house.cluster.ca,
        },
    )
    yield made["id"]
    house.rest()
    house.api("DELETE", f"registries/{made['id']}/")


def _open(tab: Page) -> None:
    tab.goto("/")
    expect(tab.locator("[data-live-sign][data-state=on]").first).to_be_attached()


@pytest.mark.slow
def test_what_scales_is_counted_on_an_open_page(inside: Page, house: House, registry: str) -> None:
    _open(inside)
    box = inside.locator(f"#cluster-{registry}")
    expect(box).to_contain_text("1 service · 3 endpoints")
    house.cluster.scale("httpbin", 5)
    expect(box).to_contain_text("1 service · 5 endpoints")
    expect(box).to_contain_text("99 %")
    latest = inside.locator("section", has=inside.get_by_role("heading", name="Latest changes"))
    expect(latest).to_contain_text("apisix/httpbin")


@pytest.mark.slow
def test_a_token_that_breaks_is_told_with_its_fix_and_forgotten_when_it_is_mended(
    inside: Page, house: House, registry: str
) -> None:
    _open(inside)
    box = inside.locator(f"#cluster-{registry}")
    expect(box).to_contain_text("connected")
    answer = house.api("PATCH", f"registries/{registry}/", {"token": "broken", "verify": False})
    assert answer[0] == 200, answer
    trouble = inside.locator(f"#trouble-registry-failing-{registry}")
    expect(trouble).to_be_visible()
    expect(trouble.locator(".trouble-fix")).not_to_be_empty()
    expect(inside.locator("#verdict")).to_contain_text("you.")
    expect(box.locator(".flow-box")).to_have_attribute("data-health", "bad")
    trouble.get_by_role("link").click()
    expect(inside).to_have_url(f"{house.console}/settings/registries/{registry}/rotate/")
    inside.go_back()
    house.api("PATCH", f"registries/{registry}/", {"token": house.cluster.token})
    expect(trouble).not_to_be_attached()
    expect(box.locator(".flow-box")).to_have_attribute("data-health", "good")


@pytest.mark.slow
def test_what_is_unfolded_stays_so_while_the_page_lives(
    inside: Page, house: House, registry: str
) -> None:
    _open(inside)
    box = inside.locator(f"#cluster-{registry}")
    expect(box).to_contain_text("3 endpoints")
    table = inside.locator("#propagation-table")
    table.locator("summary").click()
    told = table.text_content() or ""
    expect(table.get_by_role("columnheader", name="Changes")).to_be_visible()
    house.cluster.scale("httpbin", 4)
    expect(box).to_contain_text("4 endpoints")
    expect(table).not_to_have_text(told)  # drawn anew
    expect(table.get_by_role("columnheader", name="Changes")).to_be_visible()


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_with_troubles_the_page_stays_usable_for_all(
    theme: str, inside: Page, house: House, registry: str
) -> None:
    house.api("PATCH", f"registries/{registry}/", {"token": "broken", "verify": False})
    inside.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    inside.goto("/")
    expect(inside.locator(f"#trouble-registry-failing-{registry}")).to_be_visible()
    assert axe.findings(inside) == []
    inside.set_viewport_size({"width": 390, "height": 844})
    assert inside.evaluate("document.documentElement.scrollWidth") <= 390
