"""Deadlines: the next one is at hand, and moving them leaves nothing behind."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from applications.compiler.deadlines import Deadlines


def test_what_is_due_is_taken_once() -> None:
    deadlines = Deadlines()
    assert deadlines.next is None
    assert deadlines.take(99) == set()
    for name, when in (("a", 30), ("b", 10), ("c", 20)):
        deadlines.put(name, when)
    assert deadlines.next == 10
    assert deadlines.take(9) == set()
    assert deadlines.take(20) == {"b", "c"}
    assert deadlines.take(20) == set()
    assert (deadlines.next, deadlines.names()) == (30, {"a"})


def test_a_deadline_is_moved_and_taken_out() -> None:
    deadlines = Deadlines()
    deadlines.put("a", 10)
    deadlines.put("a", 30)
    deadlines.put("b", 20)
    assert deadlines.next == 20
    deadlines.put("b", 0)
    deadlines.put("never", 0)
    assert deadlines.next == 30
    deadlines.put("a", 5)
    assert deadlines.take(30) == {"a"}
    assert len(deadlines) == 0


def test_one_that_moves_all_the_time_costs_no_memory() -> None:
    deadlines = Deadlines()
    for when in range(10_000, 0, -1):
        deadlines.put("a", when)
    assert len(deadlines._heap) < 100
    assert deadlines.take(1) == {"a"}


NAMES = st.sampled_from("abcde")


@given(st.lists(st.tuples(NAMES, st.integers(0, 50)) | st.integers(0, 50)))
def test_it_is_as_a_plain_table(steps: list[tuple[str, int] | int]) -> None:
    deadlines, table = Deadlines(), dict[str, int]()
    for step in steps:
        if isinstance(step, int):
            due = {name for name, when in table.items() if when <= step}
            assert deadlines.take(step) == due
            table = {name: when for name, when in table.items() if name not in due}
        elif step[1]:
            deadlines.put(*step)
            table[step[0]] = step[1]
        else:
            deadlines.put(*step)
            table.pop(step[0], None)
        assert deadlines.next == min(table.values(), default=None)
        assert deadlines.names() == table.keys()
