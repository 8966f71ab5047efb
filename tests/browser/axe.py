"""axe-core on a page: what keeps people from using it."""

from __future__ import annotations

import functools
from pathlib import Path

from playwright.sync_api import Page

SCRIPT = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
_RUN = """
(contrast) => axe.run(document, {
  resultTypes: ["violations"], preload: false, rules: { "color-contrast": { enabled: contrast } },
}).then((result) =>
  result.violations
    .filter((one) => ["serious", "critical"].includes(one.impact))
    .flatMap((one) => one.nodes.map((node) => `${one.id} at ${node.target.join(" ")}:`
      + ` ${node.html.slice(0, 160)} ${one.id === "color-contrast" ? node.any[0]?.message : ""}`)))
"""


@functools.cache
def _source() -> str:
    return SCRIPT.read_text()


def findings(page: Page, *, contrast: bool = True) -> list[str]:
    """The serious and critical findings of a page as it is now. Its contrast takes nearly all of
    the time. The debugger brings axe along, so that the page's own policy for scripts stays in
    force."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_source())
    found: list[str] = page.evaluate(_RUN, contrast)
    return found
