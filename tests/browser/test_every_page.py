"""Every page of the console in a real browser: both themes, both languages, a wide and a narrow
screen. Nothing serious for axe, nothing in its console, nothing too wide, nothing left in English.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests import pages
from tests.browser import looking
from tests.house import House
from tests.pages import DEEDS, DOORS, PAGES, PARTS, Places
from tests.threads import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

HOST = "every-page.example.org"


@pytest.fixture(scope="module")
def guest(house: House) -> Iterator[Any]:
    """A member who has been invited and has not come yet."""
    plane = house.api("GET", "control-planes/")[1]["results"][0]["id"]
    members = f"control-planes/{plane}/members/"
    made = house.made(members, {"username": "every-page", "role": "viewer"})
    yield made
    house.api("DELETE", f"{members}{made['id']}/")


@pytest.fixture(scope="module")
def places(house: House, guest: Any) -> Iterator[Places]:
    """One of each object, made by REST and alive."""
    registry = house.made(
        "registries/",
        {
            "name": "every-page",
            "description": "For looking at every page.",
            "server": house.cluster.server,
            "ca_bundle": house.cluster.ca,
            "token": house.cluster.token,
        },
    )
    member = {"registry": registry["id"], "namespace": "apisix", "service": "httpbin"}
    application = house.made(
        "applications/",
        {
            "name": "every-page",
            "hosts": [HOST],
            "labels": ["demo"],
            "upstream": {
                "members": [{"kind": "discovery", "service_port": "80-80", **member}],
            },
        },
    )
    apis = f"applications/{application['id']}/apis/"
    api = house.made(apis, {"name": "anything", "paths": [{"path": "/anything"}]})
    house.made(f"{apis}{api['id']}/publish/", {})
    house.made(f"applications/{application['id']}/publish/", {})
    eventually(lambda: house.get(HOST)[0] == 200, within=20)
    gateway = house.api("GET", "gateways/")[1]["results"][0]
    yield Places(
        registry=registry["id"],
        application=application["id"],
        upstream=application["upstream"]["id"],
        api=api["id"],
        gateway=gateway["id"],
        member=guest["id"],
    )
    house.api("DELETE", f"{apis}{api['id']}/")
    house.api("DELETE", f"applications/{application['id']}/")
    house.api("DELETE", f"registries/{registry['id']}/")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_page_is_fit_for_everybody(
    language: str,
    chromium: Browser,
    house: House,
    places: Places,
    guest: Any,
    session: Any,
    korean: dict[str, str],
) -> None:
    wrong: list[str] = []
    variant = looking.Variant(language)
    tab = looking.open_tab(chromium, house.console, variant, session)
    stranger = looking.open_tab(chromium, house.console, variant)
    for one, addresses in (
        (tab, [pages.address(name, places) for name in PAGES]),
        (stranger, ["/login/", guest["invitation"]]),
    ):
        with looking.Complaints(one) as complaints:
            for address in addresses:
                found = looking.at(one, address, language, korean)
                found += complaints.take()
                wrong += [f"{address} {text}" for text in found]
    tab.context.close()
    stranger.context.close()
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "name",
    [
        "console:overview",
        "console:activity",
        "console:profile",
        "registries:registry-create",
        "registries:registry-detail",
        "applications:application-list",
        "applications:application-create",
        "applications:application-detail",
    ],
)
def test_everything_is_reached_by_tab_and_shows_it(
    name: str, chromium: Browser, house: House, places: Places, session: Any
) -> None:
    tab = looking.open_tab(chromium, house.console, looking.Variant("en"), session)
    tab.goto(pages.address(name, places))
    wrong = looking.keyboard(tab)
    tab.context.close()
    assert not wrong, "\n".join(wrong)


def test_every_view_has_a_place_in_the_list_of_pages() -> None:
    known = {*PAGES, *PARTS, *DOORS, *DEEDS}
    assert len(known) == len(PAGES) + len(PARTS) + len(DOORS) + len(DEEDS), "one place each"
    assert set(pages.views()) == known
