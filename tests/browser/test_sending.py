"""A form that takes its time is sent once, and seen to be on its way."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.house import House
from tests.relay import Trouble, relay_to

pytestmark = pytest.mark.slow


def test_a_form_is_seen_to_be_on_its_way_and_is_sent_once(chromium: Browser, house: House) -> None:
    with relay_to(house.console) as (relay, url):
        context = chromium.new_context(base_url=url, locale="en-GB")
        page = context.new_page()
        page.goto("/")
        page.get_by_label("Username").fill(house.user)
        page.get_by_label("Password").fill(house.password)
        page.get_by_role("button", name="Log in").click()
        page.goto("/settings/registries/new/")
        sent: list[str] = []
        page.on("request", lambda one: sent.append(one.method) if one.method == "POST" else None)
        relay.be(Trouble(latency=3))
        # All at once, before the next page can come: pressed, pressed again, and Enter.
        seen = page.evaluate(
            """async () => {
              const form = document.getElementById("registry-form");
              const button = form.querySelector("button.btn-primary");
              button.click();
              await new Promise((done) => setTimeout(done, 300));
              button.click();
              form.requestSubmit();
              await new Promise((done) => setTimeout(done, 300));
              return [form.ariaBusy, button.className,
                document.querySelector("[data-spoken]").textContent];
            }"""
        )
        assert seen == ["true", "btn btn-primary btn-loading", "Sending…"]
        relay.clear()
        # The answer is the form with its errors, which can be sent again.
        expect(page.locator(".invalid-feedback").first).to_be_visible()
        expect(page.locator("#registry-form")).not_to_have_attribute("aria-busy", "true")
        assert sent == ["POST"]
        context.close()
