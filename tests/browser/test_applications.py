"""Applications and APIs in a browser: by mouse, by keyboard alone, and while others work too."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import axe
from tests.house import House

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

NAMESPACE = "apisix"


def _choose(tab: Page, member: Locator, field: str, option: str) -> None:
    member.get_by_label(field, exact=True).click()
    tab.get_by_role("listbox").get_by_role("option", name=option, exact=True).click()


def _row(tab: Page, name: str) -> Locator:
    return tab.locator("#applications tr").filter(has=tab.get_by_role("link", name=name))


def _live(tab: Page) -> None:
    expect(tab.locator("[data-live-sign][data-state=on]").first).to_be_attached()


def test_by_mouse_from_nothing_to_a_published_api(
    registry: dict[str, Any], service: tuple[str, Callable[[int], None]], inside: Page
) -> None:
    tab, name = inside, f"mouse-{time.time_ns()}"
    tab.goto("/applications/new/")
    tab.get_by_label("Name", exact=True).fill(name)
    tab.get_by_label("Hosts").fill(f"{name}.example.org")
    tab.get_by_label("Path prefix").fill("/shop")
    member = tab.locator("[data-member]").first
    member.get_by_label("Registry").select_option(label=registry["name"])
    _choose(tab, member, "Namespace", NAMESPACE)
    _choose(tab, member, "Service", service[0])
    expect(member.get_by_label("Port", exact=True).first).to_have_value(
        "web"
    )  # the only one there is
    expect(member.get_by_text("2 ready nodes")).to_be_visible()
    tab.get_by_label("Published").check()
    tab.get_by_role("button", name="Create Application").click()
    expect(tab.get_by_role("heading", name=name)).to_contain_text("published")

    tab.get_by_role("link", name="Create API").click()
    tab.get_by_label("Name", exact=True).fill("cart")
    tab.get_by_label("Path", exact=True).fill("/cart")
    preview = tab.locator("#preview")
    expect(preview).to_contain_text(f"http://{name}.example.org/shop/cart")
    expect(preview).to_contain_text("the service receives /shop/cart")
    tab.get_by_label("Strip path prefix").check()
    expect(preview).to_contain_text("the service receives /cart")
    tab.get_by_label("GET", exact=True).check()
    tab.get_by_role("button", name="Add condition").click()
    tab.get_by_label("What is compared").select_option(label="query parameter")
    tab.get_by_label("Its name").fill("beta")
    tab.get_by_label("How it is compared").select_option(label="is there")
    expect(tab.get_by_label("Value")).to_be_hidden()
    tab.get_by_role("button", name="Add condition").click()
    second = tab.locator(".expression").nth(1)
    second.get_by_label("Its name").fill("X-Env")
    second.get_by_label("Value").fill("test")
    tab.get_by_label("Which must hold").select_option(label="any of these")
    assert axe.findings(tab) == []
    tab.get_by_role("button", name="Create API").click()
    row = tab.locator("#apis tr").filter(has_text="cart")
    expect(row).to_contain_text("/shop/cart")
    expect(row).to_contain_text("2 conditions")

    tab.get_by_role("link", name="cart", exact=True).click()
    expect(tab.locator(".expression").first.get_by_label("Its name")).to_have_value("beta")
    expect(tab.get_by_label("Which must hold")).to_have_value("True")


def test_by_keyboard_alone(
    registry: dict[str, Any], service: tuple[str, Callable[[int], None]], inside: Page
) -> None:
    tab, name = inside, f"keys-{time.time_ns()}"
    keys = tab.keyboard

    def go_to(target: Locator, most: int = 60) -> None:
        """Press Tab until the focus is there."""
        for _ in range(most):
            if target.evaluate("one => one === document.activeElement"):
                return
            keys.press("Tab")
        raise AssertionError(f"Tab does not reach {target}")

    tab.goto("/applications/new/")
    go_to(tab.get_by_label("Published"))
    keys.press("Space")
    go_to(tab.get_by_label("Name", exact=True))
    keys.type(name)
    go_to(tab.get_by_label("Hosts"))
    keys.type(f"{name}.example.org")
    member = tab.locator("[data-member]").first
    go_to(member.get_by_label("Registry"))
    keys.type(registry["name"])
    go_to(member.get_by_label("Namespace"))
    keys.type("apisi")
    expect(tab.get_by_role("option", name=NAMESPACE, exact=True)).to_be_visible()
    keys.press("Enter")  # takes the only one that fits
    expect(member.get_by_label("Namespace")).to_have_value(NAMESPACE)
    go_to(member.get_by_label("Service", exact=True))
    keys.type(service[0][:-1])
    expect(tab.get_by_role("option", name=service[0], exact=True)).to_be_visible()
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(member.get_by_label("Port", exact=True).first).to_have_value("web")
    expect(member.get_by_text("2 ready nodes")).to_be_visible()

    add = tab.get_by_role("button", name="Add member")
    go_to(add)
    keys.press("Enter")
    second = tab.locator("[data-member]:visible").nth(1)
    expect(second.get_by_role("radio").first).to_be_focused()
    keys.press("ArrowRight")
    go_to(second.get_by_label("Host"))
    keys.type("10.0.0.9")
    go_to(second.get_by_label("Port", exact=True).last)
    keys.type("80")
    keys.press("Tab")
    expect(second).to_contain_text("33 % of the requests now")
    expect(member).to_contain_text("67 % of the requests now")
    up = second.get_by_role("button", name="Move this member up")
    up.focus()
    keys.press("Enter")
    first = tab.locator("[data-member]:visible").first
    expect(first.get_by_label("Host")).to_have_value("10.0.0.9")
    expect(first.get_by_role("button", name="Move this member up")).to_be_focused()
    keys.press("Enter")  # it is at the top: nothing happens, and nothing is lost
    go_to(first.get_by_role("button", name="Remove this member"))
    keys.press("Enter")
    expect(
        tab.locator("[data-member]:visible").get_by_role("button", name="Remove this member")
    ).to_be_focused()
    go_to(tab.get_by_role("button", name="Create Application"))
    keys.press("Enter")
    expect(tab.get_by_role("heading", name=name)).to_contain_text("published")

    go_to(tab.get_by_role("link", name="Create API"))
    keys.press("Enter")
    go_to(tab.get_by_label("Name", exact=True))
    keys.type("cart")
    go_to(tab.get_by_label("Path", exact=True))
    keys.type("/cart")
    keys.press("Enter")
    switch = tab.get_by_role("switch", name="Published: cart")
    expect(switch).to_be_checked()
    go_to(switch)
    keys.press("Space")
    expect(tab.get_by_text("“cart” is no longer published.")).to_be_visible()
    expect(switch).not_to_be_checked()
    expect(switch).to_be_focused()


def test_what_is_typed_survives_switching_to_and_fro(
    registry: dict[str, Any], inside: Page
) -> None:
    tab = inside
    tab.goto("/applications/new/")
    member = tab.locator("[data-member]").first
    member.get_by_label("Registry").select_option(label=registry["name"])
    member.get_by_label("Namespace").fill("shop")
    member.get_by_label("Service", exact=True).fill("cart")
    member.get_by_text("Static address").click()
    expect(member.get_by_label("Namespace")).to_be_hidden()
    member.get_by_label("Host").fill("10.0.0.9")
    member.get_by_text("Kubernetes service discovery").click()
    expect(member.get_by_label("Host")).to_be_hidden()
    expect(member.get_by_label("Service", exact=True)).to_have_value("cart")
    tab.get_by_role("button", name="Create Application").click()  # refused: it has no name
    expect(tab.locator("#id_name_error")).to_be_visible()
    member = tab.locator("[data-member]").first
    expect(member.get_by_label("Namespace")).to_have_value("shop")
    member.get_by_text("Static address").click()
    expect(member.get_by_label("Host")).to_have_value("10.0.0.9")


def test_the_first_wrong_field_has_the_focus_and_its_part_is_open(inside: Page) -> None:
    tab = inside
    tab.goto("/applications/new/")
    tab.get_by_label("Name", exact=True).fill(f"wrong-{time.time_ns()}")
    member = tab.locator("[data-member]").first
    member.get_by_text("Static address").click()
    member.get_by_label("Host").fill("10.0.0.9")
    member.get_by_label("Port", exact=True).last.fill("80")
    tab.locator("summary").filter(has_text="Health checks").click()
    tab.get_by_label("Active check").select_option(label="HTTP")
    tab.get_by_label("Healthy statuses").first.fill("200, never")
    tab.get_by_role("button", name="Create Application").click()
    statuses = tab.get_by_label("Healthy statuses").first
    expect(statuses).to_be_visible()
    expect(statuses).to_be_focused()
    expect(statuses).to_have_value("200, never")
    upstream = (
        tab.get_by_role("navigation", name="Parts of the form").get_by_role("listitem").nth(1)
    )
    expect(upstream).to_contain_text("has an error")

    # Going away now would lose what is typed: the browser asks.
    asked: list[str] = []
    tab.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    statuses.press("End")
    tab.goto("/applications/")
    assert asked == ["beforeunload"]


def test_plugins_are_rows_and_json(shop: dict[str, Any], house: House, inside: Page) -> None:
    tab = inside
    tab.goto(f"/applications/{shop['id']}/edit/")
    tab.get_by_role("button", name="Add plugin").click()
    plugin = tab.locator("[data-plugin]").first
    plugin.get_by_label("Name of the plugin").fill("limit-count")
    config = plugin.get_by_label("Configuration of the plugin")
    config.fill('{"count": 2,')
    config.blur()
    expect(plugin.locator("[data-plugin-problem]")).to_contain_text("This is no JSON")
    config.fill('{"count": 2}')
    expect(plugin.locator("[data-plugin-problem]")).to_be_empty()
    plugin.get_by_role("button", name="Format").click()
    expect(config).to_have_value('{\n  "count": 2\n}')
    tab.get_by_role("button", name="Edit as JSON").click()
    text = tab.get_by_label("All plugins as JSON")
    expect(text).to_have_value('{\n  "limit-count": {\n    "count": 2\n  }\n}')
    text.fill('{"limit-count": {"count": 3}, "cors": {}}')
    tab.get_by_role("button", name="Edit as JSON").click()
    expect(tab.locator("[data-plugin]")).to_have_count(2)
    tab.get_by_role("button", name="Save").click()
    expect(tab.get_by_text("is saved.")).to_be_visible()
    stored = house.api("GET", f"applications/{shop['id']}/")[1]["plugins"]
    assert stored == {"limit-count": {"count": 3}, "cors": {}}


def test_the_list_lives_and_its_switch_can_be_undone(
    shop: dict[str, Any], service: tuple[str, Callable[[int], None]], inside: Page
) -> None:
    tab = inside
    tab.goto(f"/applications/?q={shop['name']}&sort=-name")
    _live(tab)
    row = _row(tab, shop["name"])
    expect(row.locator(".nodes .status")).to_have_text("2")
    service[1](3)
    expect(row.locator(".nodes .status")).to_have_text("3")
    service[1](0)
    expect(row.locator(".status-red")).to_be_visible()
    service[1](1)
    expect(row.locator(".nodes .status")).to_have_text("1")

    switch = row.get_by_role("switch")
    expect(switch).to_be_checked()
    switch.click()
    toast = tab.get_by_role("status").filter(has_text="is no longer published")
    expect(toast).to_be_visible()
    expect(row).to_contain_text("draft")
    assert tab.url.endswith("sort=-name")  # the page was not loaded anew
    toast.get_by_role("button", name="Undo").click()
    expect(_row(tab, shop["name"]).get_by_role("switch")).to_be_checked()
    assert f"q={shop['name']}" in tab.url
    assert axe.findings(tab) == []


def test_nodes_in_the_form_change_by_themselves(
    shop: dict[str, Any], service: tuple[str, Callable[[int], None]], inside: Page
) -> None:
    tab = inside
    tab.goto(f"/applications/{shop['id']}/edit/")
    _live(tab)
    member = tab.locator("[data-member]").first
    expect(member.get_by_text("2 ready nodes")).to_be_visible()
    tab.get_by_label("Description").fill("being typed")
    service[1](3)
    expect(member.get_by_text("3 ready nodes")).to_be_visible()
    expect(tab.get_by_label("Description")).to_have_value("being typed")
    expect(tab.get_by_label("Description")).to_be_focused()


def test_nodes_of_a_service_that_was_just_chosen_change_too(
    registry: dict[str, Any], service: tuple[str, Callable[[int], None]], inside: Page
) -> None:
    tab = inside
    tab.goto("/applications/new/")
    member = tab.locator("[data-member]").first
    member.get_by_label("Registry").select_option(label=registry["name"])
    _choose(tab, member, "Namespace", NAMESPACE)
    _choose(tab, member, "Service", service[0])
    expect(member.get_by_text("2 ready nodes")).to_be_visible()
    _live(tab)
    service[1](1)
    expect(member.get_by_text("1 ready node", exact=True)).to_be_visible()


def test_two_who_save_the_same_application(
    shop: dict[str, Any], house: House, inside: Page
) -> None:
    tab = inside
    tab.goto(f"/applications/{shop['id']}/edit/")
    _live(tab)
    tab.get_by_label("Description").fill("mine")
    house.api("PATCH", f"applications/{shop['id']}/", {"description": "theirs"})
    expect(tab.locator("#overtaken")).to_contain_text("changed this at")
    tab.get_by_role("button", name="Save").click()
    alert = tab.get_by_role("alert").filter(has_text="Nothing was saved")
    expect(alert).to_contain_text("description")
    expect(tab.get_by_label("Description")).to_have_value("mine")
    assert house.api("GET", f"applications/{shop['id']}/")[1]["description"] == "theirs"
    tab.get_by_role("button", name="Save").click()  # knowingly
    expect(tab.get_by_text("is saved.")).to_be_visible()
    assert house.api("GET", f"applications/{shop['id']}/")[1]["description"] == "mine"


def test_blue_and_green(shop: dict[str, Any], house: House, inside: Page) -> None:
    tab = inside
    tab.goto(f"/applications/{shop['id']}/")
    tab.get_by_role("link", name="Add version").click()
    tab.get_by_label("Version", exact=True).fill("green")
    member = tab.locator("[data-member]").first
    member.get_by_text("Static address").click()
    member.get_by_label("Host").fill("10.0.0.9")
    member.get_by_label("Port", exact=True).last.fill("80")
    tab.get_by_role("button", name="Add version").click()
    expect(tab.get_by_role("heading", name="Version green")).to_be_visible()
    tab.get_by_role("button", name="Make default green").click()
    toast = tab.get_by_role("status").filter(has_text="go to the version “green” now")
    expect(toast).to_be_visible()
    assert house.api("GET", f"applications/{shop['id']}/")[1]["default_version"] == "green"
    toast.get_by_role("button", name="Undo").click()
    expect(tab.get_by_text("go to the version “default” now")).to_be_visible()
    assert house.api("GET", f"applications/{shop['id']}/")[1]["default_version"] == "default"
    assert axe.findings(tab) == []


def test_a_copy_is_a_draft_with_the_same_apis(
    shop: dict[str, Any], house: House, inside: Page
) -> None:
    house.made(
        f"applications/{shop['id']}/apis/",
        {"name": "cart", "paths": [{"path": "/cart", "type": "exact"}]},
    )
    tab = inside
    tab.goto(f"/applications/{shop['id']}/")
    tab.get_by_role("link", name="Create a copy").click()
    expect(tab.get_by_label("Hosts")).to_be_focused()
    tab.get_by_role("button", name="Create Application").click()
    expect(tab.locator("#id_hosts_error")).to_contain_text("already")
    tab.get_by_label("Hosts").fill("copy-" + shop["hosts"][0])
    tab.get_by_role("button", name="Create Application").click()
    expect(tab.get_by_role("heading", name=f"Copy of {shop['name']}")).to_contain_text("draft")
    expect(tab.locator("#apis")).to_contain_text("/cart")


def test_a_telephone_is_wide_enough(chromium: Browser, shop: dict[str, Any], inside: Page) -> None:
    inside.set_viewport_size({"width": 390, "height": 844})
    for address in (
        f"/applications/?q={shop['name']}",
        f"/applications/{shop['id']}/",
        f"/applications/{shop['id']}/edit/",
        f"/applications/{shop['id']}/versions/new/",
        f"/applications/{shop['id']}/apis/new/",
    ):
        inside.goto(address)
        wider = inside.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wider <= 0, address
