"""The strip of a registry's states covers its span, whatever is known of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from registries import strip
from registries.health import Phase
from registries.history import Spell, spells
from registries.models import Transition

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def told(*steps: tuple[float, str]) -> list[Spell]:
    """Spells from (hours ago, phase), oldest first."""
    rows = [Transition(at=NOW - timedelta(hours=ago), phase=phase) for ago, phase in steps]
    return spells(reversed(rows))


def drawn(*steps: tuple[float, str], span: str = "24h") -> list[tuple[str, float]]:
    found = strip.draw(told(*steps), span=span, now=NOW)
    return [(piece.phase.value, round(piece.share, 3)) for piece in found.pieces]


def test_nothing_known_is_one_grey_piece() -> None:
    assert drawn() == [("unknown", 1.0)]
    assert strip.draw([], span="24h", now=NOW).connected is None


def test_what_began_before_the_span_is_cut_off() -> None:
    steps = [(100.0, "connected"), (12.0, "failing"), (6.0, "connected")]
    assert drawn(*steps) == [("connected", 0.5), ("failing", 0.25), ("connected", 0.25)]
    assert [phase for phase, _share in drawn(*steps, span="7d")] == [
        "unknown",
        "connected",
        "failing",
        "connected",
    ]


def test_the_share_is_of_the_time_that_is_known() -> None:
    found = strip.draw(told((12.0, "connected"), (3.0, "failing")), span="24h", now=NOW)
    assert found.connected == pytest.approx(0.75)
    assert sum(found.shares.values()) == pytest.approx(1)


def test_many_short_spells_are_drawn_together_as_the_worst_of_them() -> None:
    flapping = [(1.0 - number / 600, ("failing", "connected")[number % 2]) for number in range(600)]
    found = strip.draw(told((24.0, "connected"), *flapping), span="24h", now=NOW)
    assert len(found.pieces) < 40
    assert sum(piece.share for piece in found.pieces) == pytest.approx(1)
    assert Phase.FAILING in {piece.phase for piece in found.pieces}
    assert sum(piece.more + 1 for piece in found.pieces) == 601


def test_a_transition_of_the_future_or_of_another_release_breaks_nothing() -> None:
    assert drawn((5.0, "of-tomorrow"), (-3.0, "failing")) == [
        ("unknown", 0.792),
        ("unknown", 0.208),
    ]
