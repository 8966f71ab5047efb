"""What a button says that it copies is copied, also where a page gets no clipboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.house import House

pytestmark = pytest.mark.slow


def _pasted(page: Page) -> str:
    """What the next Ctrl+V brings, anywhere."""
    page.evaluate("document.body.append(document.createElement('textarea'))")
    field = page.locator("body > textarea")
    field.focus()
    page.keyboard.press("Control+V")
    text = field.input_value()
    field.evaluate("one => one.remove()")
    return text


@pytest.mark.parametrize("place", ["here", "elsewhere"])
def test_a_copy_button_copies_by_https_and_by_plain_http(
    place: str, chromium: Browser, house: House
) -> None:
    """On this machine a page is as trusted as by HTTPS; by another name it comes by plain HTTP."""
    url = house.console if place == "here" else house.elsewhere
    context = chromium.new_context(
        base_url=url, locale="en-GB", permissions=["clipboard-read", "clipboard-write"]
    )
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto("/")
    page.get_by_label("Username").fill(house.user)
    page.get_by_label("Password").fill(house.password)
    page.get_by_role("button", name="Log in").click()
    page.goto("/settings/")
    assert page.evaluate("isSecureContext") == (place == "here")
    button = page.locator("[data-copy]").first
    button.click()
    expect(page.locator("[data-spoken]")).to_have_text("Copied")
    expect(button.locator(".ti-check")).to_be_visible()
    expect(button).to_be_focused()
    assert _pasted(page) == button.get_attribute("data-copy")
    assert not errors
    context.close()
