"""A real Envoy with an xDS server of its own, and the feed that it follows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from console.contract import keys, wire
from console.contract.wire import Resource
from console.feed import FeedWriter
from console.redis import Client
from tests.xds.bed import Bed, running

PLANE = "plane-1"

Publish = Callable[[Mapping[str, Resource]], None]


@pytest.fixture
def writer(store: Client) -> FeedWriter:
    made = FeedWriter(store, keys.feed(keys.control_plane(PLANE)), epoch=1)
    made.open()
    return made


@pytest.fixture
def publish(writer: FeedWriter) -> Publish:
    """Make the control plane have exactly these."""

    def replace(resources: Mapping[str, Resource]) -> None:
        writer.replace({key: wire.encode(one) for key, one in resources.items()})

    return replace


@pytest.fixture
def envoy(store: Client, tmp_path: Path) -> Iterator[Bed]:
    from django.conf import settings

    with running(tmp_path / "bed", settings.REDIS_URL, PLANE) as bed:
        yield bed
