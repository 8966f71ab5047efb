"""In which order objects are written."""

from __future__ import annotations

from typing import Any

from gateways.drivers.apisix.backlog import Backlog

Objects = dict[str, dict[str, Any]]


def upstreams(*numbers: int) -> Objects:
    return {f"upstreams/u{number}": {} for number in numbers}


def routes(*numbers: int) -> Objects:
    return {f"routes/r{number}": {"upstream_id": f"u{number}"} for number in numbers}


def short(names: list[str]) -> str:
    return " ".join(name.partition("/")[2] for name in names)


def turns(backlog: Backlog, wanted: Objects, most: int = 99) -> list[str]:
    """All that is due, turn by turn."""
    found = []
    while backlog:
        found.append(short(backlog.take(most, wanted)))
    return found


def test_upstreams_come_first_and_go_last() -> None:
    wanted = upstreams(1, 2) | routes(1, 2)
    backlog = Backlog()
    gone = ["upstreams/u8", "routes/r8", "upstreams/u9"]
    assert backlog.add([*wanted, *gone], wanted) == 7
    assert turns(backlog, wanted) == ["u1 u2", "r1 r2", "r8", "u8 u9"]


def test_no_more_are_taken_than_are_asked_for() -> None:
    wanted = upstreams(1, 2, 3) | routes(1)
    backlog = Backlog()
    backlog.add(wanted, wanted)
    assert short(backlog.take(2, wanted)) == "u1 u2"
    assert len(backlog) == 2
    assert turns(backlog, wanted) == ["u3", "r1"]


def test_what_changes_comes_before_what_is_due() -> None:
    wanted = upstreams(1, 2, 3, 4) | routes(1, 2, 3, 4)
    backlog = Backlog()
    backlog.add(wanted, wanted)
    assert short(backlog.take(1, wanted)) == "u1"
    assert backlog.add(["upstreams/u4", "routes/r1"], wanted) == 2
    assert turns(backlog, wanted) == ["u4", "r1", "u2 u3", "r2 r3 r4"]


def test_an_upstream_that_a_change_needs_comes_along() -> None:
    wanted = upstreams(1, 2, 3) | routes(1, 2, 3)
    backlog = Backlog()
    backlog.add(wanted, wanted)
    assert backlog.add(["routes/r3"], wanted) == 2
    assert turns(backlog, wanted) == ["u3", "r3", "u1 u2", "r1 r2"]


def test_an_upstream_that_is_there_does_not() -> None:
    wanted = upstreams(3) | routes(3)
    backlog = Backlog()
    assert backlog.add(["routes/r3"], wanted) == 1
    assert turns(backlog, wanted) == ["r3"]


def test_what_was_to_be_written_and_is_to_go_now_goes_last() -> None:
    """Between routes and what they need it would be deleted too early, and tear a turn apart."""
    backlog = Backlog()
    before = upstreams(1, 2) | routes(1, 2)
    backlog.add(before, before)
    after = upstreams(2) | routes(2)
    backlog.add(["upstreams/u1", "routes/r1"], after)
    assert turns(backlog, after) == ["r1", "u2", "r2", "u1"]


def test_what_was_to_go_and_is_wanted_again_is_written() -> None:
    backlog = Backlog()
    backlog.add(["upstreams/u1"], {})
    wanted = upstreams(1) | routes(1)
    backlog.add(["routes/r1", "upstreams/u1"], wanted)
    assert turns(backlog, wanted) == ["u1", "r1"]


def test_what_became_right_is_not_written() -> None:
    wanted = upstreams(1, 2)
    backlog = Backlog()
    backlog.add(wanted, wanted)
    backlog.discard("upstreams/u1")
    assert turns(backlog, wanted) == ["u2"]
    backlog.add(wanted, wanted)
    backlog.clear()
    assert not backlog
