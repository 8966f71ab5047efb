"""People in a real browser: invited, logged in, kept to their role; switcher, theme, language."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import axe
from tests.house import House

PASSWORD = "a-long-enough-password"


@pytest.fixture
def another(chromium: Browser, house: House) -> Iterator[Callable[..., Page]]:
    """Makes browsers that know nobody, of other people."""
    made: list[Any] = []

    def make(**options: Any) -> Page:
        context = chromium.new_context(base_url=house.console, **({"locale": "en-GB"} | options))
        made.append(context)
        return context.new_page()

    yield make
    for context in made:
        context.close()


@pytest.fixture
def second(house: House) -> Iterator[str]:
    """The name of another control plane, which is gone after the test."""
    name = f"Second {uuid.uuid4().hex[:6]}"
    yield name
    for one in house.api("GET", f"control-planes/?search={name[-6:]}")[1]["results"]:
        assert house.api("DELETE", f"control-planes/{one['id']}/")[0] == 204


def _invite(tab: Page, role: str) -> tuple[str, str]:
    """Invite somebody of a new name; the name and the link."""
    name = f"guest-{uuid.uuid4().hex[:8]}"
    tab.goto("/settings/members/")
    tab.get_by_role("link", name="Add a Member").first.click()
    tab.get_by_label("User name").fill(name)
    tab.get_by_text(role, exact=True).check()
    tab.get_by_role("button", name="Add Member").click()
    expect(tab.get_by_role("heading", name=f"Invite “{name}”")).to_be_visible()
    return name, tab.locator(".curl code").inner_text()


def _accept(tab: Page, link: str) -> None:
    tab.goto(link)
    assert axe.findings(tab) == []
    tab.get_by_label("New password", exact=True).fill(PASSWORD)
    tab.get_by_label("New password confirmation").fill(PASSWORD)
    tab.get_by_role("button", name="Set the password").click()
    expect(tab.get_by_role("heading", name="Overview")).to_be_visible()


@pytest.mark.slow
def test_a_guest_looks_and_changes_nothing(
    inside: Page, house: House, another: Callable[..., Page]
) -> None:
    name, link = _invite(inside, "viewer")
    guest = another()
    _accept(guest, link)
    guest.goto("/settings/")
    expect(guest.get_by_role("heading", name="Facts")).to_be_visible()
    expect(guest.get_by_role("button", name="Save")).to_have_count(0)
    expect(guest.get_by_role("link", name="Members")).to_have_count(0)
    for address in ("/settings/registries/new/", "/settings/members/", "/applications/new/"):
        answer = guest.goto(address)
        assert answer is not None
        assert answer.status == 403, address
        expect(guest.get_by_role("heading", name="You may not do this")).to_be_visible()
        expect(guest.get_by_text("You are a viewer of the control plane")).to_be_visible()
    assert guest.goto("/admin/").status == 403  # type: ignore[union-attr]

    inside.goto("/settings/members/")
    inside.get_by_role("link", name=name).click()
    inside.get_by_text("editor", exact=True).check()
    inside.get_by_role("button", name="Save").click()
    expect(inside.get_by_text(f"“{name}” is an editor now.")).to_be_visible()
    guest.goto("/applications/new/")
    expect(guest.get_by_role("heading", name="Create")).to_be_visible()

    inside.on("dialog", lambda dialog: dialog.accept())
    inside.get_by_role("link", name=name).click()
    inside.get_by_role("button", name="Remove").click()
    expect(inside.get_by_text(f"“{name}” is no longer a member.")).to_be_visible()
    guest.goto("/")
    expect(guest.get_by_text("You are not a member of a control plane yet")).to_be_visible()
    late = another()
    late.goto(link)
    expect(late.get_by_role("heading", name="not good any more")).to_be_visible()


@pytest.mark.slow
def test_who_has_several_control_planes_switches(inside: Page, house: House, second: str) -> None:
    tab, name = inside, second
    switch = tab.get_by_role("button", name="choose another")
    first = switch.inner_text().strip()
    switch.click()
    tab.get_by_role("link", name="Create a control plane").click()
    tab.get_by_label("Name", exact=True).fill(name)
    tab.get_by_label("Slug").fill(name.lower().replace(" ", "-"))
    tab.get_by_role("button", name="Create Control Plane").click()
    expect(switch).to_contain_text(name)
    tab.goto("/settings/registries/")
    expect(tab.get_by_text("No cluster is connected yet")).to_be_visible()

    stays = tab.context.new_page()
    stays.goto("/settings/")
    switch.click()
    tab.get_by_role("button", name=re.compile(f"^{first}")).click()
    expect(switch).to_contain_text(first)
    # The other tab has not switched: what it saves goes where it was opened.
    stays.get_by_label("Description").fill("written in the other tab")
    stays.get_by_role("button", name="Save").click()
    expect(stays.get_by_text("The settings are saved.")).to_be_visible()
    planes = house.api("GET", "control-planes/")[1]["results"]
    written = {one["name"]: one["description"] for one in planes}
    assert written[name] == "written in the other tab"
    assert written[first] != "written in the other tab"


@pytest.mark.slow
def test_theme_and_language_come_with_the_page_and_follow_the_person(
    inside: Page, another: Callable[..., Page], house: House
) -> None:
    name, link = _invite(inside, "viewer")
    guest = another(color_scheme="dark")
    _accept(guest, link)
    html = guest.locator("html")
    expect(html).to_have_attribute("data-bs-theme", "dark")  # as the system has it
    guest.locator(".sidebar-user").click()
    guest.get_by_role("button", name="Light theme").click()
    expect(html).to_have_attribute("data-bs-theme", "light")
    without = guest.request.get("/profile/").text()
    assert 'data-bs-theme="light"' in without[:300]  # before any script
    guest.goto("/profile/")
    guest.locator("main").get_by_role("button", name="한국어").click()
    expect(html).to_have_attribute("lang", "ko")

    elsewhere = another(color_scheme="dark")
    elsewhere.goto("/login/")
    expect(elsewhere.locator("html")).to_have_attribute("lang", "en")
    elsewhere.locator("[name=username]").fill(name)
    elsewhere.locator("[name=password]").fill(PASSWORD)
    elsewhere.keyboard.press("Enter")
    expect(elsewhere.locator("html")).to_have_attribute("lang", "ko")
    expect(elsewhere.locator("html")).to_have_attribute("data-bs-theme", "light")


@pytest.mark.slow
def test_a_part_that_fails_says_so_at_the_edge(another: Callable[..., Page], house: House) -> None:
    """What was to be changed stays as it was."""
    tab = another()
    tab.goto("/settings/")
    tab.get_by_label("Username").fill(house.user)
    tab.get_by_label("Password").fill(house.password)
    tab.get_by_role("button", name="Log in").click()
    expect(tab.get_by_role("heading", name="Facts")).to_be_visible()
    tab.evaluate("htmx.ajax('GET', '/nothing/', {target: 'main', swap: 'innerHTML'})")
    expect(tab.get_by_role("alert").filter(has_text="no longer there")).to_be_visible()
    tab.route("**/away/", lambda route: route.abort())
    tab.evaluate("htmx.ajax('GET', '/away/', {target: 'main'}).catch(() => {})")
    expect(tab.get_by_role("alert").filter(has_text="does not answer")).to_be_visible()
    expect(tab.get_by_role("heading", name="Facts")).to_be_visible()


@pytest.mark.slow
def test_the_navigation_folds_on_a_telephone(inside: Page) -> None:
    inside.set_viewport_size({"width": 390, "height": 844})
    inside.goto("/settings/")
    link = inside.locator("#sidebar").get_by_role("link", name="Applications")
    expect(link).not_to_be_visible()
    inside.get_by_role("button", name="Open the navigation").click()
    expect(link).to_be_visible()
    inside.locator(".sidebar-user").click()
    inside.get_by_role("link", name="Profile").click()
    expect(inside.get_by_role("heading", name="Password")).to_be_visible()
    for address in (
        "/profile/",
        "/settings/members/",
        "/settings/members/new/",
        "/settings/tokens/",
    ):
        inside.goto(address)
        wider = inside.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wider <= 0, address
