"""The pages that no address of ours shows by itself: answers to forms, refusals, and Django admin.
They are looked at as every other page is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Browser, Page, Route

from tests.browser import looking
from tests.house import House

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

_PASSWORD = "a-long-enough-password"
_MAKE = """
from django.contrib.auth.models import User
from console.models import ControlPlane
user = User.objects.create_user("{name}", password="{password}")
if "{role}":
    ControlPlane.objects.order_by("pk").first().memberships.create(user=user, role="{role}")
"""
_LANGUAGES = ["en", "ko"]


def _person(house: House, tab: Page, role: str = "") -> None:
    """Log in as somebody new."""
    name = f"answer-{time.time_ns()}"
    code = _MAKE.format(name=name, password=_PASSWORD, role=role)
    house.checkout.manage("shell", "--no-imports", "-c", code)
    tab.goto("/login/")
    tab.locator("[name=username]").fill(name)
    tab.locator("[name=password]").fill(_PASSWORD)
    with tab.expect_navigation():
        tab.keyboard.press("Enter")


@pytest.fixture(params=_LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def stranger(chromium: Browser, house: House, language: str) -> Iterator[Page]:
    tab = looking.open_tab(chromium, house.console, looking.Variant(language))
    yield tab
    tab.context.close()


@pytest.fixture
def known(chromium: Browser, house: House, session: Any, language: str) -> Iterator[Page]:
    tab = looking.open_tab(chromium, house.console, looking.Variant(language), session)
    yield tab
    tab.context.close()


def _submit(tab: Page) -> None:
    with tab.expect_navigation():
        tab.locator("main form button[type=submit].btn-primary").click()


def test_answers_that_are_shown_once(
    known: Page, house: House, language: str, korean: dict[str, str]
) -> None:
    name = f"once-{time.time_ns()}"
    wrong = []
    with looking.Complaints(known) as complaints:
        known.goto("/settings/tokens/new/")
        known.locator("[name=name]").fill(name)
        _submit(known)
        wrong += looking.every_look(known, language, korean)
        known.goto("/settings/tokens/")
        revoke = known.locator("tr").filter(has_text=name).locator("a").get_attribute("href")
        wrong += looking.at(known, revoke or "", language, korean)
        known.goto("/settings/members/new/")
        known.locator("main [name=username]").fill(name)
        _submit(known)
        wrong += looking.every_look(known, language, korean)
        wrong += complaints.take()
    assert not wrong, "\n".join(wrong)


def test_refusals(
    stranger: Page, known: Page, house: House, language: str, korean: dict[str, str]
) -> None:
    wrong = looking.at(known, "/nowhere/at/all/", language, korean, status=404)
    stranger.goto("/login/")
    stranger.context.clear_cookies()
    _submit(stranger)  # no cookie goes with the form
    assert stranger.locator(".ti-clock-x").count() == 1
    wrong += looking.every_look(stranger, language, korean)
    _person(house, stranger, role="viewer")
    wrong += looking.at(stranger, "/settings/registries/new/", language, korean, status=403)
    stranger.context.clear_cookies()
    _person(house, stranger)
    wrong += looking.every_look(stranger, language, korean)  # a member of nothing yet
    assert not wrong, "\n".join(wrong)


def test_the_page_of_a_mistake_of_ours(chromium: Browser, house: House) -> None:
    """Rendered without the house, which makes none when it is asked to; it speaks both languages
    at once."""
    tab = looking.open_tab(chromium, house.console, looking.Variant("en"))

    def answer(route: Route) -> None:
        body = render_to_string("500.html")
        route.fulfill(status=200, body=body, content_type="text/html")

    tab.route("**/a-mistake/", answer)
    wrong = looking.at(tab, "/a-mistake/", "en", {})
    tab.context.close()
    assert not wrong, "\n".join(wrong)


def test_django_admin_and_the_pages_of_the_rest_api(
    known: Page, registry: dict[str, Any], language: str, korean: dict[str, str]
) -> None:
    wrong = []
    # Django writes the one word for the eyes of nobody into its template.
    korean = {text: other for text, other in korean.items() if text != "Search"}
    with looking.Complaints(known) as complaints:
        for address in (
            "/admin/",
            "/admin/registries/registry/",
            f"/admin/registries/registry/{registry['id']}/change/",
        ):
            found = looking.at(known, address, language, korean) + complaints.take()
            wrong += [f"{address} {text}" for text in found]
        # Swagger's page is its own; what we see to is that it runs.
        known.goto("/api/v1/docs/")
        known.locator(".opblock").first.wait_for()
        wrong += complaints.take()
    assert not wrong, "\n".join(wrong)
