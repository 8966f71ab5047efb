"""A changed document line by line."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from .documents import Change, listed

_AROUND = 3  # unchanged lines that are shown beside changed ones
# Lines of both sides together beyond which nothing is compared: it would take seconds.
_COMPARED = 4_000


@dataclass(frozen=True, slots=True)
class Line:
    """`sign` is + - or a blank; … where unchanged lines are left out."""

    sign: str
    text: str = ""


def lines(change: Change) -> list[Line]:
    """The lines of a change: all of one that came or went, else what is around the differences."""
    old = [] if change.before is None else listed(change.before).splitlines()
    new = [] if change.after is None else listed(change.after).splitlines()
    if not old or not new or len(old) + len(new) > _COMPARED:
        return [*(Line("-", one) for one in old), *(Line("+", one) for one in new)]
    return list(_compared(old, new))


def _compared(old: list[str], new: list[str]) -> Iterator[Line]:
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for number, group in enumerate(matcher.get_grouped_opcodes(_AROUND)):
        if number or group[0][1]:
            yield Line("…")
        for what, old_from, old_to, new_from, new_to in group:
            if what == "equal":
                yield from (Line(" ", one) for one in old[old_from:old_to])
                continue
            yield from (Line("-", one) for one in old[old_from:old_to])
            yield from (Line("+", one) for one in new[new_from:new_to])
    if group[-1][2] < len(old):
        yield Line("…")
