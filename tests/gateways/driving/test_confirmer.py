"""Asking when changes arrive: few questions, and no lag that is only ours."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from console.contract.wire import Upstream
from gateways.drivers.base import DriverError, NotAsked, Process, Reader
from gateways.driving.auditor import Auditor
from gateways.driving.confirmer import MOST, REFILL, SPARE, Confirmer
from gateways.driving.ledger import Ledger
from gateways.driving.patience import Pace
from tests.gateways.examples import upstream
from tests.threads import eventually


@dataclass
class Asked:
    """A gateway that answers after so many questions about each change; None: never asked."""

    after: int | None = 1
    silent: int = 0  # questions that it does not answer at first
    fails: dict[str, Exception] = field(default_factory=dict)  # whenever it is asked for these
    asked: list[str] = field(default_factory=list)
    doubted: list[str] = field(default_factory=list)  # what the confirmer gave up
    closed: threading.Event = field(default_factory=threading.Event)
    spared_until: float = 0.0

    def confirms(self, one: Upstream) -> bool | None:
        self.asked.append(one.id)
        if len(self.asked) <= self.silent:
            raise DriverError("It does not answer.")
        if one.id in self.fails:
            raise self.fails[one.id]
        return None if self.after is None else self.asked.count(one.id) >= self.after

    def processes(self) -> list[Process]:
        return []

    def close(self) -> None:
        self.closed.set()


@contextmanager
def confirming(asked: Asked | None, *, counts: bool = True) -> Iterator[tuple[Confirmer, Ledger]]:
    ledger = Ledger()

    def reader() -> Reader | None:
        return asked  # type: ignore[return-value]

    doubted = asked.doubted if asked else []
    made = Confirmer(reader, ledger, counts_applying=counts, doubt=doubted.append, name="test")
    yield made, ledger
    made.stop()
    made.join(20)


def changes(number: int, *, ago: int = 0) -> dict[str, Upstream]:
    observed = now() - ago
    return {f"upstream/u{n}": upstream(id=f"u{n}", observed_at=observed) for n in range(number)}


def now() -> int:
    return int(time.time() * 1000)


def counted(ledger: Ledger) -> int:
    return sum(ledger.measured.lag_counts)


def test_a_change_is_counted_when_the_gateway_has_it() -> None:
    asked = Asked(after=4)
    with confirming(asked) as (made, ledger):
        made.applied(changes(1, ago=50), now())
        eventually(lambda: counted(ledger) == 1)
        assert asked.asked == ["u0"] * 4
        assert (ledger.measured.lag_ms or 0) >= 50
    assert asked.closed.is_set()


@pytest.mark.parametrize("asked", [None, Asked(after=None)])
def test_where_nobody_can_be_asked_applying_counts(asked: Asked | None) -> None:
    with confirming(asked) as (made, ledger):
        made.applied(changes(1, ago=3_000), now() - 2_000)
        eventually(lambda: counted(ledger) == 1)
        assert 900 <= (ledger.measured.lag_ms or 0) <= 2_900
        made.applied(changes(100), now())
        assert counted(ledger) == 101, "counting costs nothing: all of them"


def test_where_others_fetch_applying_does_not_count() -> None:
    asked = Asked(after=None)
    with confirming(asked, counts=False) as (made, ledger):
        made.applied(changes(1), now())
        eventually(lambda: bool(asked.asked))
        time.sleep(0.1)
        assert counted(ledger) == 0


def test_of_many_changes_a_few_are_asked_for() -> None:
    asked = Asked()
    began = time.monotonic()
    with confirming(asked) as (made, ledger):
        for _ in range(100):
            made.applied(changes(50), now())
        eventually(lambda: counted(ledger) >= MOST)
        time.sleep(0.3)
        assert len(set(asked.asked)) <= SPARE + REFILL * (time.monotonic() - began)


def test_one_that_does_not_answer_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from gateways.driving import confirmer

    monkeypatch.setattr(confirmer, "_SILENT", 0.05)
    asked = Asked(silent=2)
    with confirming(asked) as (made, ledger):
        made.applied(changes(1), now())
        eventually(lambda: counted(ledger) == 1)
        assert len(asked.asked) == 3


def test_what_never_comes_counts_as_late_and_is_doubted(monkeypatch: pytest.MonkeyPatch) -> None:
    from gateways.driving import confirmer

    monkeypatch.setattr(confirmer, "LIMIT", 0.2)
    asked = Asked(after=10_000)
    with confirming(asked) as (made, ledger):
        made.applied(changes(1, ago=12_000), now())
        eventually(lambda: asked.doubted == ["upstream/u0"])
        questions = len(asked.asked)
        time.sleep(0.4)
        assert len(asked.asked) == questions, "it is asked for no more"
        assert counted(ledger) == ledger.measured.lag_counts[-1] == 1
        assert asked.doubted == ["upstream/u0"]


def test_of_a_gateway_that_says_nothing_no_lag_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    from gateways.driving import confirmer

    monkeypatch.setattr(confirmer, "LIMIT", 0.2)
    monkeypatch.setattr(confirmer, "_SILENT", 0.05)
    asked = Asked(silent=10_000)
    with confirming(asked) as (made, ledger):
        made.applied(changes(1), now())
        eventually(lambda: asked.doubted == ["upstream/u0"])
        assert counted(ledger) == 0


def test_of_what_was_not_asked_no_lag_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    from gateways.driving import confirmer

    monkeypatch.setattr(confirmer, "LIMIT", 0.2)
    asked = Asked(fails={"u0": NotAsked()})
    with confirming(asked) as (made, ledger):
        made.applied(changes(1), now())
        eventually(lambda: asked.doubted == ["upstream/u0"])
        assert counted(ledger) == 0


@pytest.mark.parametrize("error", [DriverError("An odd answer."), ValueError("odd")])
def test_one_that_fails_keeps_nobody_from_asking_for_the_others(error: Exception) -> None:
    asked = Asked(fails={"u0": error})
    with confirming(asked) as (made, ledger):
        made.applied(changes(4), now())
        eventually(lambda: counted(ledger) == 3)


def test_what_was_denied_is_asked_for_after_the_others() -> None:
    class Sparing(Asked):
        """May be asked for one a round."""

        def confirms(self, one: Upstream) -> bool | None:
            if self.asked and time.monotonic() < self.spared_until:
                raise NotAsked
            self.spared_until = time.monotonic() + 0.05
            return super().confirms(one)

    asked = Sparing(after=2)
    with confirming(asked) as (made, ledger):
        made.applied(changes(3), now())
        eventually(lambda: counted(ledger) == 3)
        assert asked.asked[:3] == ["u0", "u1", "u2"]


def test_what_is_gone_or_edited_meanwhile_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from gateways.driving import confirmer

    monkeypatch.setattr(confirmer, "LIMIT", 0.3)
    asked = Asked(after=10_000)
    with confirming(asked) as (made, ledger):
        made.applied(changes(3), now())
        eventually(lambda: {"u0", "u1", "u2"} <= set(asked.asked))
        fewer = upstream(id="u1", nodes=upstream().nodes[:1])
        made.forget({"upstream/u0": None, "upstream/u1": fewer, "upstream/u2": upstream(retries=1)})
        eventually(lambda: bool(asked.doubted))
        time.sleep(0.2)
        assert asked.doubted == ["upstream/u2"], "its nodes are those that were asked for"
        assert counted(ledger) == 1


def test_the_turns_of_a_fill_ask_no_questions() -> None:
    asked = Asked(after=10_000)

    def reader() -> Reader | None:
        return asked  # type: ignore[return-value]

    auditor = Auditor(
        reader=reader, ledger=Ledger(), report=lambda *_said: None, pace=Pace(audit=60.0)
    )
    with auditor:
        auditor.applied(changes(1, ago=-100), "1-1", (), left=500)  # younger than the ledger
        for left in range(200, 0, -1):
            auditor.applied({}, "1-1", (), left=left)
            time.sleep(0.005)
    assert 5 < len(asked.asked) < 50, "each is asked for less and less often"
