"""A registry's feed and the recorder of its chronicle."""

from __future__ import annotations

import pytest

from console.contract import keys
from console.feed import FeedWriter
from console.redis import Client
from registries.chronicle import Recorder
from tests.registries.chronicled import OWNER


@pytest.fixture
def feed(store: Client) -> Client:
    """A registry whose feed is there."""
    FeedWriter(store, keys.feed(OWNER), epoch=1).open()
    return store


@pytest.fixture
def recorder() -> Recorder:
    return Recorder(threaded=False)
