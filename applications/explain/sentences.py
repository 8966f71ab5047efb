"""One cause, one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from django.utils.translation import gettext_lazy as _


class Level(IntEnum):
    """How much it matters; the lowest number is the worst."""

    PROBLEM = 0  # there is no node because of it
    WARNING = 1  # there are nodes; fewer than there could be, older, or not for long
    NOTE = 2  # good to know, nothing is wrong

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
        return ("alert-octagon", "alert-triangle", "info-circle")[self]


_LABELS = {
    Level.PROBLEM: _("Problem"),
    Level.WARNING: _("Warning"),
    Level.NOTE: _("Note"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """`code` is for programs and stays. `text` may hold names of a cluster, `detail` what a cluster
    or a server said: hostile text. `fix` says what to do, `command` is a line for a shell, `url`
    leads to where it is done and `action` names that link. `values` are what the sentence was made
    of."""

    code: str
    level: Level
    text: str
    detail: str = ""
    fix: str = ""
    command: str = ""
    url: str = ""
    action: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


def in_order(found: Iterable[Sentence]) -> tuple[Sentence, ...]:
    """The worst first; of one level as they came, which is from the cluster outwards."""
    return tuple(sorted(found, key=lambda one: one.level))


def as_data(sentence: Sentence) -> dict[str, Any]:
    """A sentence as REST shows it."""
    return {
        "code": sentence.code,
        "level": sentence.level.word,
        "text": str(sentence.text),
        "detail": sentence.detail,
        "fix": str(sentence.fix),
        "command": sentence.command,
        "values": dict(sentence.values),
    }
