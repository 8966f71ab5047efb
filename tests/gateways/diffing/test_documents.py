"""Two sets of documents side by side, and a changed one line by line."""

from __future__ import annotations

from gateways.diffing import Change, Kind, compare, lines


def test_what_came_went_and_changed_is_told_by_name() -> None:
    before = {"a": {"x": 1}, "b": {"y": [1, 2]}, "c": "same"}
    after = {"b": {"y": [2, 1]}, "c": "same", "d": None}
    assert compare(before, after) == [
        Change("a", Kind.REMOVED, before={"x": 1}),
        Change("b", Kind.CHANGED, before={"y": [1, 2]}, after={"y": [2, 1]}),
        Change("d", Kind.ADDED, after=None),
    ]


def test_the_order_of_keys_is_no_change_nor_is_a_tuple_for_a_list() -> None:
    before = {"a": {"x": 1, "y": (1, 2)}}
    assert compare(before, {"a": {"y": [1, 2], "x": 1}}) == []


def test_only_what_is_asked_for_is_compared() -> None:
    changed = compare({"a": 1, "b": 1}, {"a": 2, "b": 2}, ["b", "nowhere"])
    assert [one.name for one in changed] == ["b"]


def test_the_lines_around_a_difference_are_shown_and_the_others_left_out() -> None:
    before = {f"k{number:02}": number for number in range(30)}
    [change] = compare({"a": before}, {"a": before | {"k15": "new"}})
    told = [(one.sign, one.text.strip()) for one in lines(change)]
    assert ("-", '"k15": 15,') in told
    assert ("+", '"k15": "new",') in told
    assert told[0][0] == told[-1][0] == "…"
    assert len(told) == 3 + 2 + 3 + 2


def test_a_new_document_is_shown_whole() -> None:
    shown = lines(Change("a", Kind.ADDED, after={"x": [1]}))
    assert {one.sign for one in shown} == {"+"}
    assert len(shown) == 5


def test_a_huge_document_is_not_compared_line_by_line() -> None:
    before = {str(number): number for number in range(5_000)}
    [change] = compare({"a": before}, {"a": before | {"7": 8}})
    assert {one.sign for one in lines(change)} == {"-", "+"}
