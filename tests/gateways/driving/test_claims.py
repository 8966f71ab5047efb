"""How a gateway stands that fetches by itself: its instances say so."""

from __future__ import annotations

from typing import Any

import pytest

from gateways.driving.claims import judge, place
from gateways.driving.news import News
from gateways.instances import LOST_AFTER, OFFLINE_AFTER, Instance

NOW = 10_000_000_000
NEWS = News(phase="in_sync", applied="2-10", applied_at=NOW - 20_000)


def instance(**fields: Any) -> Instance:
    return Instance(**{"id": "a", "hostname": "host-a", "applied": "2-10", "seen_at": NOW} | fields)


def test_none_has_ever_reported() -> None:
    found = judge(NEWS, [], now=NOW)
    assert (found.phase, found.applied) == ("unclaimed", "")


@pytest.mark.parametrize(
    "one",
    [
        instance(),
        instance(applied="2-11"),
        instance(applied="", version="says no position"),
        # It had no chance yet: its report is older than the change, or hardly younger.
        instance(applied="2-9", seen_at=NEWS.applied_at - 1),
        instance(applied="2-9", seen_at=NEWS.applied_at + 4_000),
    ],
)
def test_who_has_everything_is_in_sync(one: Instance) -> None:
    assert judge(NEWS, [one], now=NOW).phase == "in_sync"


@pytest.mark.parametrize(
    ("one", "word"),
    [
        (instance(seen_at=NOW - LOST_AFTER - 1), "host-a: lost"),
        (instance(refuses="no room"), "host-a: no room"),
        (instance(applied="2-9"), "host-a: is at 2-9"),
        (instance(applied="1-99"), "host-a: is at 1-99"),
    ],
)
def test_one_that_is_not_well_makes_it_fail(one: Instance, word: str) -> None:
    found = judge(NEWS, [instance(id="b"), one], now=NOW)
    assert (found.phase, found.reason) == ("failing", "instances")
    assert word in found.text


def test_the_position_is_what_all_have() -> None:
    behind = [instance(), instance(id="b", applied="2-9"), instance(id="c", applied="2-8")]
    assert judge(NEWS, behind, now=NOW).applied == "2-8"
    assert judge(NEWS, [instance(applied="2-11")], now=NOW).applied == "2-10"


def test_who_left_long_ago_counts_only_if_nobody_else_is_there() -> None:
    gone = instance(id="gone", seen_at=NOW - OFFLINE_AFTER - 1)
    assert judge(NEWS, [gone, instance()], now=NOW).phase == "in_sync"
    assert judge(NEWS, [gone], now=NOW).phase == "failing"


def test_many_are_named_in_few_words() -> None:
    many = [instance(id=str(n), hostname="h" * 300, refuses="x") for n in range(40)]
    assert len(judge(NEWS, many, now=NOW).text) <= 500


def test_the_lag_is_the_slowest_instances() -> None:
    found = judge(NEWS, [instance(lag_ms=3), instance(id="b", lag_ms=9)], now=NOW)
    assert found.lag_ms == 9


def test_positions_compare_as_numbers() -> None:
    assert place("2-9") < place("2-10") < place("10-1")
    assert place("nonsense") < place("0-0")
