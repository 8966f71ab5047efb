"""A change that never arrives at a great gateway is named soon, and who has ended says no more."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import pytest

from console.contract.wire import Resource, Upstream
from gateways.drivers.base import Served
from gateways.driving import confirmer, given
from gateways.driving.auditor import Auditor
from gateways.driving.ledger import Ledger
from gateways.driving.patience import Pace
from tests.gateways.examples import upstream
from tests.threads import eventually

from .looking import RIGHT, Clock, Parts, Whole


class Deaf(Parts):
    """It has what it once had, and says so."""

    def confirms(self, one: Upstream) -> bool | None:
        return False


@dataclass
class Slow(Whole):
    """It answers when it may."""

    answers: threading.Event = field(default_factory=threading.Event)

    def served(self) -> Served:
        self.told += 1
        self.answers.wait(20)
        return Served(dict(self.upstreams), frozenset())


def looking(gateway: Whole, ledger: Ledger) -> Auditor:
    return Auditor(
        reader=lambda: gateway,  # type: ignore[arg-type,return-value]
        ledger=ledger,
        report=lambda *_said: None,
        pace=Pace(audit=0.5, report=60.0),
    )


def many(count: int) -> dict[str, Resource]:
    return {f"upstream/u{n}": upstream(id=f"u{n}") for n in range(count)}


def test_it_is_named_long_before_its_turn_whatever_the_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(confirmer, "LIMIT", 0.5)
    monkeypatch.setattr(given, "SETTLE", 0.2)
    whole = many(20_000)
    gateway, ledger = Deaf(Clock(), dict.fromkeys(whole, RIGHT)), Ledger()
    lost = upstream(id="u19999", nodes=(), observed_at=int(time.time() * 1000) + 100)
    with looking(gateway, ledger) as auditor:
        auditor.replaced(whole, "1-1", ())
        auditor.applied({"upstream/u19999": lost}, "1-2", ())
        eventually(lambda: "upstream/u19999" in ledger.findings.differences, within=30)
        assert ledger.findings.differences.keys() == {"upstream/u19999"}
        assert sum(ledger.measured.lag_counts) == 1
        assert len(gateway.asked) < 5_000


def test_what_a_shift_that_has_ended_is_told_late_is_nobodys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(given, "SETTLE", 0.2)
    gateway, ledger = Slow(Clock()), Ledger()
    with looking(gateway, ledger) as auditor:
        auditor.replaced(many(3), "1-1", ())
        eventually(lambda: gateway.told == 1)
    gateway.answers.set()
    time.sleep(0.5)
    assert ledger.findings.audited_at == 0
    assert ledger.findings.differences == {}
