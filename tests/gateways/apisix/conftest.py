"""The target of flow tests, a stand-in for the others, and servers that say who they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateways.drivers.base import Driver
from gateways.drivers.folders import FOLDERS
from tests.threads import eventually

from . import target as targets
from .echo import nodes
from .standin import StandIn
from .target import MODES, REAL, REAL_MODE, Target

__all__ = ["nodes"]

# What requests meet only a real one can tell: script/test --apisix.
collect_ignore = [] if os.environ.get("APISIX_URL") else ["test_served.py"]


_MODES = [REAL_MODE] if REAL else MODES


@pytest.fixture(params=_MODES)
def target(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Target]:
    yield from _target(request.param, tmp_path, monkeypatch)


@pytest.fixture(params=[mode for mode in _MODES if mode != "file"])
def answering(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Target]:
    """A target that says what it makes of an object; of a file nobody does."""
    yield from _target(request.param, tmp_path, monkeypatch)


def _target(mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    found = targets.real() if REAL else targets.standin(mode, tmp_path)
    if found.settings.get("file"):
        monkeypatch.setenv(FOLDERS, str(Path(found.settings["file"]).parent))
    try:
        yield found
        if REAL:
            driver = found.started()
            driver.replace({})
            eventually(lambda: settled(driver), within=15, what="what was made here to go")
    finally:
        if found.standin:
            found.standin.down()


def _standin(mode: str, folder: Path) -> Iterator[Target]:
    found = targets.standin(mode, folder)
    assert found.standin
    try:
        yield found
    finally:
        found.standin.down()


@pytest.fixture
def admin(tmp_path: Path) -> Iterator[Target]:
    """An Admin API with etcd, always a stand-in: these tests make it fail."""
    yield from _standin("admin", tmp_path)


@pytest.fixture
def standalone(tmp_path: Path) -> Iterator[Target]:
    """One that keeps its configuration in memory, likewise."""
    yield from _standin("standalone", tmp_path)


def settled(driver: Driver) -> bool:
    """Whether all is gone that should go. A worker that has not heard yet that a route went does
    not let its upstream go."""
    if driver.describe().get("lingering"):
        driver.touch()
    return not driver.describe().get("lingering")


def server_of(target: Target) -> StandIn:
    assert target.standin
    return target.standin
