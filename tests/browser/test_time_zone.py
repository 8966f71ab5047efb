"""Times are those of the reader's clock, wherever the server is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.house import House

pytestmark = pytest.mark.slow


def test_a_browser_in_seoul_reads_the_time_of_seoul(
    chromium: Browser, house: House, session: Any, shop: dict[str, Any]
) -> None:
    for zone, short in (("Asia/Seoul", "KST"), ("America/Phoenix", "MST")):
        context = chromium.new_context(
            base_url=house.console, storage_state=session, locale="en-GB", timezone_id=zone
        )
        page = context.new_page()
        page.goto("/profile/")  # the first page says the zone
        page.goto("/activity/")
        moment = page.locator("main time").first
        expect(moment).to_have_attribute("title", re.compile(rf"^[\d-]+ [\d:]+ {short}$"))
        clock = page.evaluate(
            """() => {
              const now = new Date(document.querySelector("main time").dateTime);
              return now.toLocaleString("sv").slice(0, 19);
            }"""
        )
        expect(moment).to_have_attribute("title", f"{clock} {short}")
        context.close()
