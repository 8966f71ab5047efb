"""A checkout to start, and runs of it that never outlive their test."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .checkout import Checkout, Up


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that only its owner may enter, as mktemp makes it. Not pytest's: each run of pytest
    closes the folder above those of all runs, and PostgreSQL has to get through."""
    with tempfile.TemporaryDirectory(prefix="portolan-") as made:
        yield Path(made)


@pytest.fixture
def checkout(folder: Path) -> Checkout:
    return Checkout(folder / "portolan")


@pytest.fixture
def up(checkout: Checkout) -> Iterator[Callable[..., Up]]:
    """Start script/up with further options."""
    started: list[Up] = []

    def start(*options: str, **environment: str) -> Up:
        started.append(Up(checkout, *options, **environment))
        return started[-1]

    yield start
    for run in started:
        run.end()
