"""The table of docs/reliability.md speaks of this tree: requirements, places and tests exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

BASE = Path(__file__).resolve().parent.parent
TABLE = BASE / "docs" / "reliability.md"
REQUIRED = [*range(1, 70), *range(79, 84)]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TABLE.read_text().splitlines()
    if re.match(r"\| R\d+ \|", line)
]


@cache
def functions_of(path: str) -> set[str]:
    tree = ast.parse((BASE / path).read_text())
    return {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}


def test_every_requirement_has_one_row() -> None:
    assert [int(row[0][1:]) for row in ROWS] == REQUIRED


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_places_and_tests_of_a_row_exist(row: list[str]) -> None:
    _, promise, places, tests = row
    assert promise
    found = re.findall(r"`([^`]+)`", places)
    assert found
    assert [one for one in found if not (BASE / one).exists()] == []
    named = re.findall(r"`([^`]+)`", tests)
    assert named
    for path, _, name in (one.partition("::") for one in named):
        assert (BASE / path).is_file(), path
        assert name in functions_of(path), f"{path} has no {name}"


def test_what_is_answered_otherwise_is_answered() -> None:
    for row in ROWS:
        for number in re.findall(r": (00\d\d)$", row[1]):
            (answer,) = (BASE / "docs" / "decisions").glob(f"{number}-*.md")
            assert re.search(rf"\b{row[0]}\b", answer.read_text()), f"{answer.name}: no {row[0]}"
