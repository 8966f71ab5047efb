"""The fields of a change, before and after, for people: the old struck, the new beside it.

Values are as the audit log has them: without secrets, of which it says only whether they are set.
What looks like one in a text all the same (a password in an address) is taken out here.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.redaction import redact

_INLINE = 100  # characters of a value that stands in its line
_FOLDED = 12  # lines from which a text is folded
_COMPARED = 2_000  # lines beyond which two texts are not compared but shown one after the other
_SAME_FOREVER = {"control_plane", "application"}  # what an object belongs to says nothing here
# What actions tell beside the columns of a row.
_NO_COLUMNS = {
    "account": gettext_lazy("account"),
    "members": gettext_lazy("upstream members"),
    "upstream": gettext_lazy("upstream"),
}
_AROUND = 2  # unchanged lines that are shown beside changed ones


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of a longer text: `sign` is + - or a blank; a gap where unchanged lines are left
    out."""

    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a change. Short values are `old` and `new`, None where there is no such side;
    longer ones are `lines`."""

    name: str
    label: str
    old: str | None = None
    new: str | None = None
    lines: tuple[TextLine, ...] = ()

    @property
    def folded(self) -> bool:
        return len(self.lines) > _FOLDED


def fields(kind: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> list[Field]:
    """What a change of an object of this type did to its fields. Of an object that came or went,
    the fields that say something."""
    return list(_fields(kind, before, after))


def clean(value: Any) -> Any:
    """A value without what looks like a secret in its texts."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: clean(one) for key, one in value.items()}
    if isinstance(value, list):
        return [clean(one) for one in value]
    return value


def _fields(
    kind: str, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Iterator[Field]:
    whole = before is None or after is None
    for name in sorted({**(before or {}), **(after or {})}.keys() - _SAME_FOREVER):
        column = _column(kind, name)
        called = column.verbose_name if column is not None else _NO_COLUMNS.get(name, name)
        label = str(capfirst(called))
        sides = [
            None if side is None or name not in side else _text(clean(side[name]), column)
            for side in (before, after)
        ]
        if whole and not any(sides):
            continue
        old, new = sides
        if all(side is None or _is_short(side) for side in sides):
            yield Field(name, label, old=old, new=new)
        else:
            yield Field(name, label, lines=_compared(old or "", new or ""))


def _column(kind: str, name: str) -> models.Field[Any, Any] | None:
    for room in ("console", "registries", "applications", "gateways"):
        try:
            found = apps.get_model(room, kind)._meta.get_field(name)
        except (LookupError, FieldDoesNotExist):
            continue
        return found if isinstance(found, models.Field) else None
    return None


def _text(value: Any, column: models.Field[Any, Any] | None) -> str:
    """A value in words; nothing is the empty text."""
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, str):
        choices = dict(column.flatchoices) if column is not None else {}
        return str(choices.get(value, value))
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        line = ", ".join(map(str, value))
        return line if _is_short(line) else "\n".join(map(str, value))
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)


def _is_short(text: str) -> bool:
    return "\n" not in text and len(text) <= _INLINE


def _compared(old: str, new: str) -> tuple[TextLine, ...]:
    was, now = old.splitlines(), new.splitlines()
    if len(was) + len(now) > _COMPARED:
        gone = [TextLine("-", text) for text in was]
        return (*gone, *(TextLine("+", text) for text in now))
    lines: list[TextLine] = []
    for text in list(difflib.unified_diff(was, now, lineterm="", n=_AROUND))[2:]:
        if not text.startswith("@@"):
            lines.append(TextLine(text[0], text[1:]))
        elif lines:
            lines.append(TextLine("…", ""))
    return tuple(lines)
