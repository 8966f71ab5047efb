"""The walk-through of the front page without a mouse: Tab, Enter, Space, arrows, typing."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Error, Locator, Page, expect

from tests.house import House
from tests.threads import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

HOST = "keyboard.httpbin.org"
Role = Literal["link", "button", "textbox", "combobox", "checkbox", "radio", "switch"]
_MOST = 150  # presses of Tab within which everything on a page must be reached


class Keyboard:
    """A person who has no mouse. The focus goes on from wherever it is."""

    def __init__(self, tab: Page) -> None:
        self.tab = tab

    def go_to(self, target: Locator) -> Locator:
        """Press Tab until the focus is on one of these."""
        for _ in range(_MOST):
            if self._is_at(target):
                return target
            self.tab.keyboard.press("Tab")
        raise AssertionError(f"{target} is not reached by {_MOST} × Tab")

    def _is_at(self, target: Locator) -> bool:
        try:
            at: bool = target.evaluate_all("all => all.includes(document.activeElement)")
        except Error as error:
            # The page that Enter led to has come just now.
            if "context was destroyed" not in error.message:
                raise
            self.tab.wait_for_load_state()
            return False
        return at

    def find(self, role: Role, name: str, *, exact: bool = True) -> Locator:
        return self.go_to(self.tab.get_by_role(role, name=name, exact=exact))

    def press(self, role: Role, name: str, *, key: str = "Enter") -> None:
        self.find(role, name)
        self.tab.keyboard.press(key)

    def type(self, label: str, text: str) -> None:
        """Type into the field of this label."""
        self.go_to(self.tab.get_by_label(label, exact=True))
        self.tab.keyboard.insert_text(text)

    def choose(self, label: str, option: str) -> None:
        """Choose in a select or a combobox by typing the first of its letters."""
        field = self.go_to(self.tab.get_by_label(label, exact=True).first)
        if field.evaluate("one => one.tagName") == "SELECT":
            self.tab.keyboard.type(option)
            return
        offered = self.tab.locator(f"[role=option][data-value='{option}']")
        self.tab.keyboard.type(option[:4])
        expect(offered).to_be_visible()
        self.tab.keyboard.press("ArrowDown")
        self.tab.keyboard.press("Enter")
        expect(field).to_have_value(option)


def test_from_the_login_to_the_first_answer(tab: Page, house: House) -> None:
    keyboard = Keyboard(tab)
    tab.goto("/")
    keyboard.type("Username", house.user)
    keyboard.type("Password", house.password)
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("heading", name="Overview", exact=True)).to_be_visible()

    keyboard.press("link", "Settings")
    keyboard.press("link", "Service Registry")
    keyboard.press("link", "Create Service Registry")
    keyboard.type("Name", "keyboard")
    keyboard.type("API server", house.cluster.server)
    keyboard.type("Service account token", house.cluster.token)
    keyboard.type("CA bundle", house.cluster.ca)
    keyboard.press("button", "Create Service Registry")
    expect(tab.get_by_role("heading", name="keyboard").first).to_be_visible()
    expect(tab.locator("#live")).to_contain_text("connected")

    keyboard.press("link", "Applications")
    keyboard.press("link", "Create Application")
    keyboard.type("Name", "keyboard")
    keyboard.type("Hosts", HOST)
    keyboard.choose("Registry", "keyboard")
    keyboard.choose("Namespace", "apisix")
    keyboard.choose("Service", "httpbin")
    keyboard.choose("Port", "80-80")
    expect(tab.get_by_text("3 ready nodes").first).to_be_visible()
    keyboard.go_to(tab.get_by_label("Published", exact=True))
    tab.keyboard.press("Space")
    keyboard.press("button", "Create Application")
    expect(tab.get_by_role("heading", name="keyboard").first).to_contain_text("published")

    keyboard.press("link", "Create API")
    keyboard.type("Name", "anything")
    keyboard.go_to(tab.get_by_label("Path", exact=True))
    tab.keyboard.press("Control+a")
    tab.keyboard.insert_text("/anything")
    keyboard.press("button", "Create API")
    expect(tab.get_by_text(f"/anything -H 'Host: {HOST}' -i").first).to_be_visible()
    eventually(lambda: house.get(HOST)[0] == 200, within=15)

    keyboard.press("switch", "Published: anything", key="Space")
    expect(tab.get_by_text("“anything” is no longer published.")).to_be_visible()
    eventually(lambda: house.get(HOST)[0] == 404, within=15)


def test_a_mistake_is_found_by_the_focus(inside: Page, house: House) -> None:
    keyboard = Keyboard(inside)
    inside.goto("/settings/registries/new/")
    keyboard.type("Name", "mistaken")
    keyboard.type("API server", house.cluster.server)
    keyboard.press("button", "Create Service Registry")
    wrong = inside.get_by_label("Service account token", exact=True)
    expect(wrong).to_be_focused()
    described = wrong.get_attribute("aria-describedby") or ""
    said = " ".join(inside.locator(f"#{one}").inner_text() for one in described.split())
    assert "A service account token is needed." in said


def test_what_opens_by_the_keyboard_closes_by_escape(inside: Page) -> None:
    keyboard = Keyboard(inside)
    menu = inside.locator(".sidebar-foot .dropdown-menu")
    keyboard.go_to(inside.locator(".sidebar-foot [data-bs-toggle=dropdown]"))
    inside.keyboard.press("Enter")
    expect(menu).to_be_visible()
    inside.keyboard.press("Escape")
    expect(menu).to_be_hidden()
