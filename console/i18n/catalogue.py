"""The catalogues of locale/: merging what the sources say now, counting, compiling.

A .po file is the same for the same messages, wherever and whenever it was merged: no dates, no line
numbers, no absolute paths. Compiled .mo files are made where they are needed and never committed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

# Lines of a header that would differ from one merge to the next, or name nobody.
_NOISE = (
    '"Project-Id-Version:',
    '"Report-Msgid-Bugs-To:',
    '"POT-Creation-Date:',
    '"PO-Revision-Date:',
    '"Last-Translator:',
    '"Language-Team:',
    '"Generated-By:',
)
_HEADER = "# What the console says, in another language; docs/translating.md has the words to use."


def files(locale: Path) -> list[Path]:
    """The catalogues of a folder locale/, one for each language."""
    return sorted(locale.glob("*/LC_MESSAGES/django.po"))


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3], domain=path.stem, abort_invalid=True)


def merge(catalogue: Catalog, found: Catalog) -> None:
    """Make a catalogue have exactly the messages that were found. Translations stay; that of a
    message which has changed a little stays as a guess, marked fuzzy, which nobody is shown."""
    catalogue.update(found)
    catalogue.obsolete.clear()
    for message in catalogue:
        seen = dict.fromkeys(name for name, _ in message.locations)
        message.locations = [(name, 0) for name in seen]


def write(path: Path, catalogue: Catalog) -> bool:
    """Write a catalogue if it differs from the file; tell whether it did."""
    catalogue.header_comment = _HEADER
    catalogue.fuzzy = False
    buffer = BytesIO()
    write_po(buffer, catalogue, width=0, include_lineno=False)
    lines = buffer.getvalue().decode().splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith(_NOISE))
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return True


def missing(catalogue: Catalog) -> Iterator[Message]:
    """Messages without a translation, or with one that is only a guess."""
    for message in catalogue:
        said = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.id and (message.fuzzy or not all(said)):
            yield message


def compile_changed(locale: Path) -> list[Path]:
    """Compile every catalogue that is newer than its .mo; the ones that were."""
    changed = [path for path in files(locale) if _is_stale(path)]
    for path in changed:
        compiled = path.with_suffix(".mo")
        # Whole or not at all: another process may do the same, or read it.
        draft = path.with_suffix(f".{os.getpid()}.mo")
        with draft.open("wb") as file:
            write_mo(file, read(path))
        draft.replace(compiled)
    return changed


def _is_stale(path: Path) -> bool:
    compiled = path.with_suffix(".mo")
    return not compiled.exists() or compiled.stat().st_mtime_ns < path.stat().st_mtime_ns
