"""What counts as a lag, and how often a gateway is given everything anew."""

from __future__ import annotations

from itertools import pairwise

from gateways.drivers.base import Served
from gateways.driving.comparing import MOST, compared
from gateways.driving.ledger import HEAL_FIRST, HEAL_LONGEST, Ledger
from tests.gateways.examples import route, upstream

STARTED = 1000.0  # seconds
AFTER = 1_000_500  # ms, half a second after it


def ledger() -> Ledger:
    return Ledger(wall=lambda: STARTED)


def test_what_was_read_before_it_began_says_nothing() -> None:
    assert ledger().real({"upstream/u1": upstream(observed_at=999_000)}) == {}


def test_an_edit_is_no_late_change() -> None:
    """Somebody changes an upstream whose nodes were read long ago, or a moment ago."""
    made = ledger()
    first = upstream(observed_at=AFTER)
    assert made.real({"upstream/u1": first}) == {"upstream/u1": first}
    assert made.real({"upstream/u1": upstream(observed_at=AFTER, retries=3)}) == {}
    later = upstream(observed_at=AFTER + 1)
    assert made.real({"upstream/u1": later}) == {"upstream/u1": later}


def test_what_is_gone_and_what_has_no_nodes_is_not_measured() -> None:
    assert ledger().real({"route/r1": route(), "upstream/u1": None}) == {}


def test_lags_are_counted_in_buckets() -> None:
    made = ledger()
    assert made.measured.lag_ms is None
    made.lagged(4)
    made.lagged(-3)  # clocks of two machines
    assert made.measured.lag_sum == 0.004
    assert sum(made.measured.lag_counts) == 2
    assert made.findings.lag_ms >= 0


def test_giving_all_anew_becomes_rarer_while_it_does_not_help() -> None:
    now = [0.0]
    made = Ledger(clock=lambda: now[0])
    healed = []
    while now[0] < 12 * HEAL_LONGEST:
        made.audited(1, {"upstream/u1": "other"})
        if made.heal():
            healed.append(now[0])
        now[0] += 10.0
    waits = [after - before for before, after in pairwise(healed)]
    assert waits[0] <= 2 * HEAL_FIRST + 10
    assert waits == sorted(waits)
    assert waits[-1] == HEAL_LONGEST
    assert made.findings.healed == len(healed)
    made.audited(2, {})
    now[0] += HEAL_FIRST
    made.audited(3, {"upstream/u1": "other"})
    assert made.heal()


def test_differences_are_named_with_their_addresses() -> None:
    compiled = {"upstream/u1": upstream(), "upstream/u2": upstream(id="u2"), "route/r1": route()}
    served = Served(
        {"upstream/u1": ("10.0.0.1:8080", "10.9.9.9:80"), "upstream/u3": ("10.1.1.1:1",)}
    )
    found = compared(compiled, served, ())
    assert "missing 10.0.0.2:8080" in found["upstream/u1"]
    assert "too many 10.9.9.9:80" in found["upstream/u1"]
    assert "missing 10.0.0.1:8080, 10.0.0.2:8080" in found["upstream/u2"]
    assert "unknown route" in found["route/r1"]
    assert "10.1.1.1:1" in found["upstream/u3"]
    assert compared(compiled, served, found.keys()) == {}


def test_differences_are_few_whatever_is_served() -> None:
    compiled = {f"upstream/u{n}": upstream(id=f"u{n}") for n in range(1000)}
    found = compared(compiled, Served({}), ())
    assert len(found) == MOST
    assert all(len(text) < 300 for text in found.values())
