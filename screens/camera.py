"""Takes the pictures: one browser, one viewport, names that stay."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests import pages
from tests.pages import Places

LARGEST = 200_000  # bytes of one picture
_DESK, _PHONE = (1440, 900), (390, 844)


@dataclass(frozen=True)
class Shot:
    """A picture: its file's name, the view that it shows, and how."""

    name: str
    view: str
    theme: str = "light"
    language: str = "en"
    size: tuple[int, int] = _DESK
    query: str = ""


SHOTS = (
    Shot("overview", "console:overview"),
    Shot("overview-dark", "console:overview", theme="dark"),
    Shot("overview-korean", "console:overview", language="ko"),
    Shot("overview-phone", "console:overview", size=_PHONE),
    Shot("registries", "registries:registry-list"),
    Shot("registry", "registries:registry-detail"),
    Shot("registry-create", "registries:registry-create"),
    Shot("service", "registries:service-detail"),
    Shot("applications", "applications:application-list"),
    Shot("application", "applications:application-detail"),
    Shot("application-dark", "applications:application-detail", theme="dark"),
    Shot("application-create", "applications:application-create"),
    Shot("api", "applications:api-edit"),
    Shot("why-no-node", "applications:upstream-explain"),
    Shot(
        "trace",
        "applications:trace",
        query="?scheme=http&host=shop.example.org&method=GET&path=/anything",
    ),
    Shot("try-it", "gateways:try"),
    Shot("gateway", "gateways:gateway-detail"),
    Shot("gateway-rendered", "gateways:gateway-rendered"),
    Shot("activity", "console:activity"),
    Shot("members", "console:member-list"),
)


@contextmanager
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        raise SystemExit("No Chromium on PATH; Debian: apt-get install chromium.")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=found,
            args=["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"],
        )
        yield running
        running.close()


def log_in(chromium: Browser, url: str, user: str, password: str) -> Any:
    """The state of a browser that is logged in."""
    context = chromium.new_context(base_url=url, locale="en-GB")
    tab = context.new_page()
    tab.goto("/login/")
    tab.locator("[name=username]").fill(user)
    tab.locator("[name=password]").fill(password)
    with tab.expect_navigation():
        tab.keyboard.press("Enter")
    # Without the cookies of a language or a theme that were chosen before.
    cookies = [one for one in context.cookies() if one["name"] == "sessionid"]
    context.close()
    if not cookies:
        raise SystemExit(f"{url} refuses the login of {user}.")
    return {"cookies": cookies, "origins": []}


def take(
    chromium: Browser,
    url: str,
    session: Any,
    places: Places,
    folder: Path,
    *,
    shots: Sequence[Shot] = SHOTS,
) -> list[Path]:
    """Take the pictures into the folder; their files."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = []
    for shot in shots:
        context = chromium.new_context(
            base_url=url,
            storage_state=session,
            viewport={"width": shot.size[0], "height": shot.size[1]},
            locale={"en": "en-GB", "ko": "ko-KR"}[shot.language],
            color_scheme=shot.theme,
            reduced_motion="reduce",
        )
        tab = context.new_page()
        tab.goto(pages.address(shot.view, places) + shot.query)
        _settle(tab)
        path = folder / f"{shot.name}.png"
        tab.screenshot(path=path)
        context.close()
        taken.append(path)
    return taken


def _settle(tab: Page) -> None:
    """Wait for fonts, for parts that a page asks for by itself, and for its stream."""
    tab.evaluate("() => document.fonts.ready")
    tab.wait_for_timeout(1200)
