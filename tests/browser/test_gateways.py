"""A gateway by hand: tried, made, switched off and back."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect

from console.embedded import ports
from tests.browser import axe
from tests.house import House


@pytest.mark.slow
def test_a_gateway_is_tried_made_switched_and_deleted(inside: Page, house: House) -> None:
    tab = inside
    name = f"tried-{time.time_ns()}"
    tab.goto("/settings/gateways/new/")
    tab.get_by_label("Name", exact=True).fill(name)
    expect(tab.get_by_role("radio", name="Apache APISIX")).to_be_checked()
    tab.get_by_role("radio", name="Traefik").check()
    # Only what matters with the chosen provider is shown.
    tab.get_by_label("Provider", exact=True).select_option("file")
    expect(tab.get_by_label("Redis of the tree")).not_to_be_visible()
    tab.get_by_label("Provider", exact=True).select_option("redis")
    tab.get_by_label("Redis of the tree").fill("nowhere")
    tab.get_by_role("button", name="Test connection").click()
    result = tab.locator("#test-result")
    expect(result).to_contain_text("Correct this first")
    tab.get_by_label("Redis of the tree").fill(f"redis://127.0.0.1:{ports.free()}/0")
    tab.get_by_role("button", name="Test connection").click()
    expect(result).to_contain_text("does not answer")
    assert axe.findings(tab) == []

    tab.get_by_role("button", name="Create Gateway").click()
    expect(tab.get_by_role("heading", name=name)).to_be_visible()
    # Its driver finds out by itself, and the page tells.
    expect(tab.locator("#live")).to_contain_text("does not answer")
    assert axe.findings(tab) == []
    tab.get_by_role("button", name="Test connection").click()
    expect(result).to_contain_text("does not answer")

    tab.get_by_role("button", name="Disable").click()
    expect(tab.get_by_text(f"“{name}” is disabled.")).to_be_visible()
    tab.get_by_role("button", name="Undo").click()
    expect(tab.get_by_text(f"“{name}” is enabled.")).to_be_visible()

    tab.get_by_role("link", name="Delete").click()
    tab.get_by_label("To confirm").fill(name)
    tab.get_by_role("button", name="Delete").click()
    expect(tab.get_by_text(f"The gateway “{name}” is deleted.")).to_be_visible()


@pytest.mark.slow
def test_the_secret_s_box_is_there_only_to_replace_it(inside: Page, house: House) -> None:
    tab = inside
    made = house.made(
        "gateways/",
        {
            "name": f"secret-{time.time_ns()}",
            "kind": "traefik",
            "enabled": False,
            "settings": {"redis_url": "redis://127.0.0.1:1/0"},
            "secret": "kept",
        },
    )
    tab.goto(f"/settings/gateways/{made['id']}/edit/")
    box = tab.get_by_role("textbox", name="Secret", exact=True)
    expect(box).not_to_be_visible()
    tab.get_by_label("Replace it").check()
    expect(box).to_be_visible()
    expect(box).to_have_value("")
    tab.get_by_role("button", name="Save").click()
    expect(tab.get_by_text("Give the new secret, or keep the stored one.")).to_be_visible()
    expect(box).to_be_focused()
    tab.goto("about:blank")  # an open page asks for what it shows
    house.api("DELETE", f"gateways/{made['id']}/")


@pytest.mark.slow
def test_what_a_gateway_gets_and_what_publishing_would_change(inside: Page, house: House) -> None:
    tab = inside
    gateway = house.api("GET", "gateways/")[1]["results"][0]
    name = f"draft-{time.time_ns()}"
    member = {"kind": "static", "host": "10.9.9.9", "port": 80}
    application = house.made(
        "applications/", {"name": name, "hosts": [f"{name}.org"], "upstream": {"members": [member]}}
    )
    try:
        apis = f"applications/{application['id']}/apis/"
        house.made(apis, {"name": "first", "paths": [{"path": "/first"}]})
        tab.goto(f"/applications/{application['id']}/")
        tab.get_by_role("button", name="Compare").click()
        told = tab.locator("#dryrun-body")
        expect(told).to_contain_text("As if the application and its 1 unpublished API")
        expect(told).to_contain_text("10.9.9.9")
        expect(told).to_contain_text("compared with what the gateway has")
        assert axe.findings(tab) == []
        told.get_by_role("button", name="Without these APIs").click()
        expect(told).to_contain_text("Nothing would change here.")

        tab.get_by_role("link", name=gateway["name"], exact=True).last.click()
        expect(tab.get_by_role("heading", name="Rendered configuration")).to_be_visible()
        expect(tab.get_by_label("Application")).to_have_value(application["id"])

        tab.goto(f"/settings/gateways/{gateway['id']}/")
        serving = tab.locator("#serving-body")
        expect(serving).not_to_contain_text("Asking the gateway…")
        tab.locator("main").get_by_role("searchbox").fill("nowhere-at-all")
        tab.get_by_role("button", name="Ask again").click()
        expect(serving).to_contain_text("No upstream has this name or address.")
        assert axe.findings(tab) == []
    finally:
        tab.goto("about:blank")  # an open page asks for what is deleted
        house.api("DELETE", f"applications/{application['id']}/")


@pytest.mark.slow
def test_what_saving_would_change_is_shown_before_it_is_saved(inside: Page, house: House) -> None:
    tab = inside
    name = f"typed-{time.time_ns()}"
    member = {"kind": "static", "host": "10.9.9.9", "port": 80}
    application = house.made(
        "applications/", {"name": name, "hosts": [f"{name}.org"], "upstream": {"members": [member]}}
    )
    try:
        apis = f"applications/{application['id']}/apis/"
        house.made(apis, {"name": "first", "paths": [{"path": "/first"}]})
        tab.goto(f"/applications/{application['id']}/edit/")
        ask = tab.get_by_role("button", name="What would change?")
        told = tab.locator("#typed")

        tab.get_by_label("Path prefix", exact=True).fill("shop")
        ask.click()
        expect(told).to_contain_text("It could not be saved like this:")
        expect(tab.locator("#id_path_prefix_typed")).to_be_visible()
        expect(tab.get_by_label("Path prefix", exact=True)).to_have_class(re.compile("is-invalid"))
        assert axe.findings(tab) == []

        tab.get_by_label("Path prefix", exact=True).fill("/shop")
        ask.click()
        expect(told).to_contain_text("It is a draft")
        expect(told).to_contain_text("/shop/first")
        expect(tab.locator("#id_path_prefix_typed")).to_have_count(0)
        assert axe.findings(tab) == []
        tab.get_by_label("Path prefix", exact=True).fill("/other")
        expect(told).to_contain_text("You have changed the form since")

        stored = house.api("GET", f"applications/{application['id']}/")[1]
        assert stored["path_prefix"] == "/"

        tab.get_by_role("button", name="Save").click()
        tab.get_by_role("link", name="Create API").click()
        tab.get_by_label("Name", exact=True).fill("second")
        tab.get_by_label("Path", exact=True).fill("/second")
        ask.click()
        expect(told).to_contain_text("/other/second")
        tab.get_by_label("Name", exact=True).fill("first")
        ask.click()
        expect(tab.locator("#id_name_typed")).to_be_visible()
        tab.goto("about:blank")
    finally:
        tab.goto("about:blank")  # an open page asks for what is deleted
        house.api("DELETE", f"applications/{application['id']}/")
