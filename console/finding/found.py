"""What was found, for a page."""

from __future__ import annotations

from dataclasses import dataclass

from console.ui.pages import Badge

SHOWN = 8  # of each kind


@dataclass(frozen=True, slots=True)
class Hit:
    """`title` and `detail` may come from a cluster: hostile text."""

    title: str
    url: str
    detail: str = ""
    badge: Badge | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one kind; `more`: further ones are not shown, and `url` is the list that
    has them, if there is one."""

    heading: str
    icon: str
    hits: tuple[Hit, ...] = ()
    more: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """`doubt` says why there may be more; empty: there is not."""

    groups: tuple[Group, ...] = ()
    doubt: str = ""
