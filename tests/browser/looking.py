"""What is wrong with a page that a browser shows, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, ViewportSize

from tests.browser import axe


@dataclass(frozen=True)
class Variant:
    """How a person looks at the console."""

    language: str
    theme: str = "light"
    width: int = 1280

    def __str__(self) -> str:
        return f"{self.language}-{self.theme}-{self.width}"


def open_tab(chromium: Browser, url: str, variant: Variant, session: Any = None) -> Page:
    """A tab of a browser of its own; closing its context closes it."""
    context = chromium.new_context(
        base_url=url,
        storage_state=session,
        viewport=_screen(variant.width),
        locale={"en": "en-GB", "ko": "ko-KR"}[variant.language],
        color_scheme=variant.theme,
        reduced_motion="reduce",
    )
    return context.new_page()


_IS_PAINTED = """([theme, width]) => new Promise((painted) => requestAnimationFrame(() =>
  requestAnimationFrame(() => painted(
    document.documentElement.dataset.bsTheme === theme && window.innerWidth === width))))"""


def change(page: Page, theme: str, width: int) -> None:
    """Look at the same page in another theme, on another screen, once it is painted so."""
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size(_screen(width))
    page.wait_for_function(_IS_PAINTED, arg=[theme, width])


def _screen(width: int) -> ViewportSize:
    return {"width": width, "height": 844 if width < 600 else 900}


class Complaints:
    """What a tab complains about while it is used: messages of its console, errors of its scripts,
    requests that failed or were refused."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._said: list[str] = []

    def __enter__(self) -> Complaints:
        self._page.on("console", self._console)
        self._page.on("pageerror", self._error)
        self._page.on("response", self._response)
        self._page.on("requestfailed", self._failed)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._page.remove_listener("console", self._console)
        self._page.remove_listener("pageerror", self._error)
        self._page.remove_listener("response", self._response)
        self._page.remove_listener("requestfailed", self._failed)

    def take(self) -> list[str]:
        """What was said since the last time."""
        said, self._said = self._said, []
        return said

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._said.append(f"console: {message.text}")

    def _error(self, error: Exception) -> None:
        self._said.append(f"script: {error}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self._said.append(f"{response.status} for {response.url}")

    def _failed(self, request: Request) -> None:
        # A page that is left takes its requests and its stream along.
        if request.failure != "net::ERR_ABORTED":
            self._said.append(f"{request.failure} for {request.url}")


def shape(page: Page, language: str) -> list[str]:
    """Title, heading, language, width, landmarks' names."""
    wrong = []
    seen = page.evaluate(
        """() => ({
          title: document.title, lang: document.documentElement.lang,
          headings: document.querySelectorAll("h1").length,
          wider: document.documentElement.scrollWidth - window.innerWidth,
          twice: [...document.querySelectorAll("[id]")].map((one) => one.id)
            .filter((id, place, all) => all.indexOf(id) !== place),
        })"""
    )
    if not seen["title"].strip() or seen["title"].strip().startswith("·"):
        wrong.append("has no title")
    if seen["headings"] != 1:
        wrong.append(f"has {seen['headings']} first headings")
    if seen["lang"] != language:
        wrong.append(f"is in {seen['lang']!r}, not {language!r}")
    if seen["wider"] > 0:
        wrong.append(f"is {seen['wider']} px wider than the screen")
    wrong += [f"has the id {one!r} twice" for one in seen["twice"]]
    return wrong


_TEXTS = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = new Set();
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (parent.closest("script, style, template, code, kbd, pre, [translate=no]")) continue;
    if (parent.closest("[lang]") !== document.documentElement) continue;
    found.add(walker.currentNode.data.replace(/\\s+/g, " ").trim());
  }
  for (const one of document.querySelectorAll("[title], [placeholder], [aria-label], [alt]"))
    for (const name of ["title", "placeholder", "aria-label", "alt"])
      if (one.getAttribute(name)) found.add(one.getAttribute(name).replace(/\\s+/g, " ").trim());
  return [...found];
}"""


def leftovers(page: Page, translations: Mapping[str, str]) -> list[str]:
    """Texts that are shown in English although they are translated otherwise."""
    return [
        f"shows {text!r} for {translations[text]!r}"
        for text in page.evaluate(_TEXTS)
        if text in translations
    ]


# A page is loaded once in each language and looked at in all of these. Its colours are the same in
# every language: the contrast of a look is measured in one of them.
LOOKS = {
    (1280, "light"): "en",
    (1280, "dark"): "ko",
    (390, "light"): "ko",
    (390, "dark"): "en",
}


def at(
    page: Page, address: str, language: str, translations: Mapping[str, str], status: int = 200
) -> list[str]:
    """What is wrong with the page of an address, in every look."""
    answer = page.goto(address)
    if answer is None or answer.status != status:
        return [f"answers {answer.status if answer else 'nothing'}"]
    return every_look(page, language, translations)


def every_look(page: Page, language: str, translations: Mapping[str, str]) -> list[str]:
    """The same of the page that is open, which may be the answer to a form."""
    found = leftovers(page, translations) if language == "ko" else []
    for (width, theme), measured in LOOKS.items():
        change(page, theme, width)
        seen = shape(page, language) + axe.findings(page, contrast=language == measured)
        found += [f"({width} px, {theme}) {text}" for text in seen]
    return found


# A live part may have been drawn anew meanwhile: elements are known by their ids,
# or by what they are for: what they say may change too.
_BEGIN = """() => {
  window.__places = new Set();
  window.__name = (one) => one.id ? `#${one.id}`
    : [one.tagName, one.name, one.href, one.innerText].join();
  document.activeElement?.blur();
}"""
_FOCUS = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  window.__places.add(window.__name(one));
  const drawn = (element) => {
    const style = getComputedStyle(element);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0)
      || style.boxShadow !== "none";
  };
  const box = one.getBoundingClientRect();
  return {
    html: one.outerHTML.slice(0, 120),
    visible: drawn(one) || drawn(one.parentElement) || one.matches("summary"),
    shown: box.width > 0 && box.height > 0,
  };
}"""
_REACHABLE = """() => {
  const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary")];
  return all.filter((one) => !one.disabled && one.type !== "hidden" && one.tabIndex >= 0
      && one.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })
      && !(one.type === "radio" && !one.checked
           && all.some((other) => other.name === one.name && other.checked)))
    .filter((one) => !window.__places.has(window.__name(one)))
    .map((one) => one.outerHTML.slice(0, 120));
}"""


def keyboard(page: Page, *, most: int = 160) -> list[str]:
    """What Tab does not reach, and what it reaches without showing where it is."""
    wrong = []
    page.evaluate(_BEGIN)
    for _ in range(most):
        page.keyboard.press("Tab")
        focus = page.evaluate(_FOCUS)
        if focus is None:
            break
        if not focus["shown"]:
            wrong.append(f"gives the focus to what is not shown: {focus['html']}")
        elif not focus["visible"]:
            wrong.append(f"does not show the focus of {focus['html']}")
    wrong += [f"cannot be reached by Tab: {html}" for html in page.evaluate(_REACHABLE)]
    return wrong
