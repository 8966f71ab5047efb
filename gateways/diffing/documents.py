"""Two sets of a gateway's documents: which came, which went, which changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Change:
    """One document that differs. `before` and `after` are None where there is no such side."""

    name: str
    kind: Kind
    before: Any = None
    after: Any = None


def compare(
    before: Mapping[str, Any], after: Mapping[str, Any], names: Iterable[str] | None = None
) -> list[Change]:
    """The documents that differ, by name; with `names`, of these only. Documents are alike if
    their JSON is, whatever the order of keys."""
    wanted = before.keys() | after.keys() if names is None else set(names)
    found = (_change(name, before, after) for name in sorted(wanted))
    return [one for one in found if one is not None]


def listed(document: Any) -> str:
    """A document as text, the same for the same content."""
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True, default=str)


def _change(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Change | None:
    if name not in before:
        return Change(name, Kind.ADDED, after=after[name]) if name in after else None
    if name not in after:
        return Change(name, Kind.REMOVED, before=before[name])
    old, new = before[name], after[name]
    if old == new or listed(old) == listed(new):
        return None
    return Change(name, Kind.CHANGED, before=old, after=new)
