"""A real browser in front of the running house. It is Chromium as the system has it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.house import House

_ARGUMENTS = [
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    assert found, "no Chromium on PATH: apt install chromium"
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium: Browser, house: House, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A tab of a browser that knows nobody yet. What its console complains about fails the
    test; SCREENSHOTS names a folder for a picture of its end."""
    context = chromium.new_context(
        base_url=house.console, viewport={"width": 1280, "height": 900}, locale="en-GB"
    )
    page = context.new_page()
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{request.node.name}.png", full_page=True)
    context.close()
    assert not complaints


@pytest.fixture
def inside(tab: Page, house: House) -> Page:
    """A tab, logged in through the form."""
    tab.goto("/")
    tab.get_by_label("Username").fill(house.user)
    tab.get_by_label("Password").fill(house.password)
    tab.get_by_role("button", name="Log in").click()
    expect(tab.get_by_role("heading", name="Overview")).to_be_visible()
    return tab


@pytest.fixture(scope="session")
def session(chromium: Browser, house: House) -> Any:
    """The cookies of somebody who has logged in."""
    context = chromium.new_context(base_url=house.console, locale="en-GB")
    tab = context.new_page()
    tab.goto("/login/")
    tab.locator("[name=username]").fill(house.user)
    tab.locator("[name=password]").fill(house.password)
    with tab.expect_navigation():
        tab.keyboard.press("Enter")
    cookies = [one for one in context.cookies() if one["name"] == "sessionid"]
    context.close()
    assert cookies, "the login is refused"
    return {"cookies": cookies, "origins": []}
