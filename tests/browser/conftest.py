"""A real browser in front of the running house. It is Chromium as the system has it."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from console.i18n import catalogue
from tests.house import ELSEWHERE, House
from tests.literals import is_prose
from tests.test_translations import ROOT

_ARGUMENTS = [
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1",
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


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Function) -> None:
    """Leave the page before what it shows is deleted: an open page asks for it."""
    page: Page | None = item.funcargs.get("inside") or item.funcargs.get("tab")
    if page is None:
        return
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{item.name}.png", full_page=True)
    page.goto("about:blank")


@pytest.fixture
def tab(chromium: Browser, house: House) -> Iterator[Page]:
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


@pytest.fixture
def registry(house: House) -> Iterator[dict[str, Any]]:
    """A registry of the test's own; its applications go with it."""
    made = house.made(
        "registries/",
        {
            "name": f"forms-{time.time_ns()}",
            "server": house.cluster.server,
            "token": house.cluster.token,
            "ca_bundle": house.cluster.ca,
        },
    )
    yield made
    for one in house.api("GET", "applications/?page_size=100")[1]["results"]:
        followed = [member["registry"] for member in one["upstream"]["members"]]
        if made["id"] in followed or one["name"].startswith("Copy of"):
            for api in house.api("GET", f"applications/{one['id']}/apis/")[1]["results"]:
                house.api("DELETE", f"applications/{one['id']}/apis/{api['id']}/")
            house.api("DELETE", f"applications/{one['id']}/")
    house.api("DELETE", f"registries/{made['id']}/")


@pytest.fixture
def service(house: House) -> Iterator[tuple[str, Callable[[int], None]]]:
    """A service of the test's own with one port, and the way to give it so many nodes."""
    name = f"cart-{time.time_ns() % 10**9}"

    def scale(nodes: int) -> None:
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
                "ports": [{"name": "web", "port": 8080, "protocol": "TCP"}],
                "endpoints": [
                    {"addresses": [f"127.1.77.{number}"], "conditions": {"ready": True}}
                    for number in range(1, nodes + 1)
                ],
            }
        )

    scale(2)
    yield name, scale
    house.cluster.delete("EndpointSlice", "apisix", name)


@pytest.fixture
def shop(
    house: House, registry: dict[str, Any], service: tuple[str, Callable[[int], None]]
) -> dict[str, Any]:
    """A published application that follows the service."""
    name = f"shop-{time.time_ns()}"
    made: dict[str, Any] = house.made(
        "applications/",
        {
            "name": name,
            "hosts": [f"{name}.example.org"],
            "upstream": {"members": [_member(registry, service[0])]},
        },
    )
    house.api("POST", f"applications/{made['id']}/publish/")
    return made


def _member(registry: dict[str, Any], service: str) -> dict[str, Any]:
    return {
        "kind": "discovery",
        "registry": registry["id"],
        "namespace": "apisix",
        "service": service,
        "service_port": "web",
    }


@pytest.fixture(scope="session")
def korean(house: House) -> dict[str, str]:
    """What must not be read on a Korean page, and what stands there instead."""
    found = catalogue.read(ROOT / "locale/ko/LC_MESSAGES/django.po")
    return {
        message.id: message.string
        for message in found
        if isinstance(message.id, str)
        and isinstance(message.string, str)
        and message.string not in ("", message.id)
        and not message.fuzzy
        and is_prose(message.id)
        and message.id != house.user
    }
