"""Collects every message that a person may see, from Python and from templates."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from django.utils.translation.template import templatize

# Where people's texts are. The practice cluster speaks to programs only.
FOLDERS = ("console", "registries", "applications", "gateways", "templates")
# A call and which of its arguments are messages (c: a context), as Babel wants to know it.
_KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
    "Unsupported": None,  # what a kind of gateway cannot do (`gateways.drivers.reasons`)
}
_COMMENT = "Translators:"


def messages(base: Path) -> Catalog:
    """Every message below `base`, in the order of files and, in a file, of appearance. Locations
    name the file relative to `base`."""
    found = Catalog()
    for path in sources(base):
        name = path.relative_to(base).as_posix()
        text = path.read_text(encoding="utf-8")
        is_python = path.suffix == ".py"
        python = text if is_python else template_as_python(text, name)
        aliases = _aliases(text) if is_python else {}
        for line, message, comments, context in extract(
            "python",
            BytesIO(python.encode()),
            keywords=_KEYWORDS | aliases,
            comment_tags=[_COMMENT],
            options={"encoding": "utf-8"},
            strip_comment_tags=True,
        ):
            found.add(message, None, [(name, line)], auto_comments=comments, context=context)
    return found


def _aliases(python: str) -> dict[str, tuple[int | tuple[int, str], ...] | None]:
    """The other names under which a file imports Django's functions."""
    return {
        alias.asname: _KEYWORDS[alias.name]
        for node in ast.walk(ast.parse(python))
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if alias.asname and alias.name in _KEYWORDS
    }


def sources(base: Path) -> Iterator[Path]:
    """The files that may hold messages."""
    for folder in FOLDERS:
        for path in sorted((base / folder).rglob("*")):
            if path.suffix in (".py", ".html", ".txt") and "migrations" not in path.parts:
                yield path


def template_as_python(text: str, name: str) -> str:
    """A template as Django prepares it for xgettext: its messages as calls, all else as words,
    line by line. Indentation, which means nothing in a template, is taken away."""
    lines = str(templatize(text, origin=name)).splitlines()
    return "\n".join(line.lstrip() for line in lines) + "\n"
