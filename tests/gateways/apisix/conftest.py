"""The target of flow tests, a stand-in for the others, and servers that say who they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateways.drivers.folders import FOLDERS

from . import target as targets
from .echo import nodes
from .serving import Front
from .standin import StandIn
from .target import MODES, REAL, REAL_MODE, Target

__all__ = ["nodes"]

# What requests meet there cannot be told.
collect_ignore = ["test_served.py"] if REAL and not os.environ.get("APISIX_URL") else []


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


@pytest.fixture(params=[mode for mode in _MODES if REAL or mode != "file"])
def serving(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Target]:
    """A target that takes requests. A file's driver gives what the others do, at its own pace."""
    for found in _target(request.param, tmp_path, monkeypatch):
        if not found.standin:
            yield found
            continue
        front = Front(found.standin.used)
        try:
            yield replace(found, url=front.url)
        finally:
            front.down()


def _target(mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    found = targets.real() if REAL else targets.standin(mode, tmp_path)
    if found.settings.get("file"):
        monkeypatch.setenv(FOLDERS, str(Path(found.settings["file"]).parent))
    try:
        yield found
        targets.emptied(found)
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


def server_of(target: Target) -> StandIn:
    assert target.standin
    return target.standin
