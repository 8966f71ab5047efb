"""A checkout to start, and runs of it that never outlive their test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from .checkout import Checkout, Up


@pytest.fixture
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A fresh copy, below folders that only their owner may enter."""
    return Checkout(tmp_path_factory.mktemp("checkout") / "portolan")


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
