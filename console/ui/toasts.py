"""What was just done, said once at the edge of the next page; with the way back where there is one.

An undo is an ordinary POST of the console to the address that does the opposite, so it is audited
and may be refused like any other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpRequest

_MARK = "undo:"


def done(
    request: HttpRequest, text: str, *, undo: str = "", fields: Mapping[str, str] | None = None
) -> None:
    """Say that something was done. `undo` is the address whose POST takes it back, `fields` what is
    posted with it."""
    extra = _MARK + json.dumps([undo, dict(fields or {})]) if undo else ""
    messages.success(request, text, extra_tags=extra)


def way_back(tags: str) -> tuple[str, dict[str, str]] | None:
    """Read the undo out of a message's tags."""
    if not tags.startswith(_MARK):
        return None
    url, fields = json.loads(tags.removeprefix(_MARK))
    return url, fields
