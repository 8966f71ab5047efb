"""The browser's Back shows a page, also where the page's address answers htmx with a part of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.house import House

pytestmark = pytest.mark.slow


def test_the_way_back_shows_whole_pages(
    inside: Page, house: House, shop: dict[str, Any], service: tuple[str, Callable[[int], None]]
) -> None:
    registry = shop["upstream"]["members"][0]["registry"]
    gateway = house.api("GET", "gateways/")[1]["results"][0]["id"]
    for address in (
        f"/settings/registries/{registry}/services/apisix/{service[0]}/",
        "/settings/registries/",
        "/settings/gateways/",
        f"/settings/gateways/{gateway}/",
        f"/applications/upstreams/{shop['upstream']['id']}/explain/",
    ):
        inside.goto(address)
        with inside.expect_response(lambda one: "hx-request" in one.request.headers):
            inside.evaluate("htmx.trigger('#live, #why', 'live')")
        inside.goto("/profile/")
        inside.go_back()
        expect(inside.get_by_role("heading", level=1)).to_be_visible()
        expect(inside.locator("aside.navbar")).to_be_visible()
