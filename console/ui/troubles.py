"""What is not as it should be, told so that a person or a program can act on it.

Each room has a function that yields the `Trouble`s of a control plane, from what is known at this
moment and at a constant cost; `console.overview.troubles` gathers them. A trouble that is over is
simply not yielded any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol

from django.db import models
from django.utils.translation import gettext_lazy as _

# A worker repeats its word every few seconds; one that is silent for so long, in milliseconds,
# is not there any more.
SILENT = 20_000


class Weight(IntEnum):
    """How bad it is; the lowest number is the worst."""

    BROKEN = 0  # clients get errors or yesterday's answers
    AT_RISK = 1  # it works, but not fully or not for long
    HINT = 2  # nothing is wrong; it looks unfinished

    @property
    def word(self) -> str:
        """Its name for programs."""
        return self.name.lower()

    @property
    def label(self) -> Any:
        return _LABELS[self]

    @property
    def colour(self) -> str:
        """Tabler's name of it."""
        return ("red", "orange", "azure")[self]

    @property
    def icon(self) -> str:
        return ("alert-octagon", "alert-triangle", "bulb")[self]


_LABELS = {
    Weight.BROKEN: _("broken"),
    Weight.AT_RISK: _("at risk"),
    Weight.HINT: _("hint"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """`code` is for programs: ``registry.failing``. `text` is one sentence, `detail` what a cluster
    or a server said (hostile text), `fix` what to do and `command` what to type for it. `url` leads
    to where it is fixed, `action` names that link. `since` is in milliseconds since the Unix epoch;
    0: not known. `part` tells several of one code and row apart. `covers` are the codes of troubles
    that follow from this one and are not told beside it."""

    code: str
    weight: Weight
    text: str
    detail: str = ""
    fix: str = ""
    command: str = ""
    url: str = ""
    action: str = ""
    since: int = 0
    row_type: str = ""
    row_id: str = ""
    row_name: str = ""
    part: str = ""
    covers: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """Tells it from all others, on a page too."""
        return "-".join(filter(None, (self.code, self.row_id, self.part))).replace(".", "-")


def in_order(found: Iterable[Trouble]) -> list[Trouble]:
    """The worst first, of these the oldest; without those that another one explains."""
    listed = list(found)
    covered = frozenset[str]().union(*(one.covers for one in listed))
    told = [one for one in listed if one.code not in covered]
    return sorted(
        told, key=lambda one: (one.weight, one.since or float("inf"), one.row_name, one.code)
    )


class Owner(Protocol):
    """A row that a long task works for, as far as its silence is concerned."""

    enabled: Any
    created_at: Any


class Word(Protocol):
    """What the task last said."""

    @property
    def reason(self) -> str: ...

    @property
    def said_at(self) -> int: ...


def silent(row: Owner, word: Word, now: int) -> bool:
    """Whether nobody works for a row, though somebody should; `now` is in milliseconds since the
    Unix epoch. Who is in quarantine has been silenced, and says so."""
    if not row.enabled or word.reason == "quarantined":
        return False
    said = word.said_at or int(row.created_at.timestamp() * 1000)
    return now - said > SILENT


def about(row: models.Model, code: str, weight: Weight, text: str, **more: Any) -> Trouble:
    """A trouble of one row; its kind is the first half of the code."""
    kind = row._meta.model_name or ""
    return Trouble(
        code=f"{kind}.{code}",
        weight=weight,
        text=text,
        row_type=kind,
        row_id=str(row.pk),
        row_name=str(row),
        **more,
    )
