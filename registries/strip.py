"""A registry's history as a strip: coloured spells on a line of time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext_lazy as _

from registries.health import COLOURS, Phase
from registries.history import Spell

SPANS: dict[str, tuple[timedelta, Any]] = {
    "24h": (timedelta(hours=24), _("24 hours")),
    "7d": (timedelta(days=7), _("7 days")),
}
# Pieces narrower than this share are drawn together: a flapping registry has hundreds.
_NARROW = 0.003
# Of pieces that are drawn together the worst gives the colour.
_WORST = (Phase.FAILING, Phase.CONNECTING, Phase.UNKNOWN, Phase.DISABLED, Phase.CONNECTED)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the strip; `share` of its width. `more` spells are drawn together with it."""

    phase: Phase
    share: float
    began: datetime
    ended: datetime
    reason: str = ""
    more: int = 0

    @property
    def colour(self) -> str:
        return COLOURS[self.phase]


@dataclass(frozen=True, slots=True)
class Strip:
    span: str
    pieces: list[Piece]
    shares: dict[Phase, float]  # of the whole time, those above nothing

    @property
    def connected(self) -> float | None:
        """The share of the time that is known; None: nothing is."""
        known = sum(share for phase, share in self.shares.items() if phase != Phase.UNKNOWN)
        return self.shares.get(Phase.CONNECTED, 0.0) / known if known else None


def draw(spells: Iterable[Spell], *, span: str, now: datetime) -> Strip:
    """Draw spells, newest first, that cover the span as far as anything is known of it. `span` is
    one of `SPANS`."""
    length = SPANS[span][0]
    start = now - length
    cut: list[Piece] = []
    end = now
    for spell in spells:
        began = max(start, min(spell.transition.at, end))
        if end > began:
            phase, reason = phase_of(spell.transition.phase), spell.transition.reason
            cut.append(Piece(phase, (end - began) / length, began, end, reason))
        end = began
        if end <= start:
            break
    if end > start:
        cut.append(Piece(Phase.UNKNOWN, (end - start) / length, start, end))
    cut.reverse()
    shares: dict[Phase, float] = {}
    for piece in cut:
        shares[piece.phase] = shares.get(piece.phase, 0.0) + piece.share
    return Strip(span, _drawn_together(cut), shares)


def phase_of(text: str) -> Phase:
    """A phase by its name; one of another release is unknown."""
    return Phase(text) if text in Phase.values else Phase.UNKNOWN


def ticks(span: str, now: datetime, number: int = 4) -> list[datetime]:
    """The moments that are written below the strip."""
    length = SPANS[span][0]
    return [now - length * (number - one) / number for one in range(number)]


def _drawn_together(pieces: list[Piece]) -> list[Piece]:
    drawn: list[Piece] = []
    for piece in pieces:
        if drawn and drawn[-1].share < _NARROW and piece.share < _NARROW:
            drawn[-1] = _both(drawn[-1], piece)
        else:
            drawn.append(piece)
    assert all(one.ended == other.began for one, other in pairwise(drawn))  # noqa: S101
    return drawn


def _both(first: Piece, second: Piece) -> Piece:
    worse = min(first, second, key=lambda one: _WORST.index(one.phase))
    return Piece(
        worse.phase,
        first.share + second.share,
        first.began,
        second.ended,
        worse.reason,
        first.more + second.more + 1,
    )
