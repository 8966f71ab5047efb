"""A real Envoy makes clusters ready before routes lead there, and its server lets it."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from gateways import instances
from tests.gateways.conftest import Serve
from tests.threads import eventually

from .bed import Bed
from .conftest import GATEWAY, Feed, route, upstream
from .test_envoy import load

pytestmark = pytest.mark.slow

LONG = 40.0
# Well below the time that Envoy waits for nodes by itself: 15 s.
SOON = 5.0


@pytest.fixture
def silent() -> Iterator[str]:
    """A node that is reached and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def node(serve: Serve) -> str:
    return f"127.0.0.1:{serve('127.0.0.1')}"


@pytest.fixture
def running(bed: Bed, feed: Feed, node: str) -> Bed:
    feed.put(upstream(1, node), route(1))
    bed.start_server()
    bed.start_envoy()
    eventually(lambda: bed.get("h1.org")[0] == 200, within=LONG, what=bed.text())
    return bed


def has_all(feed: Feed) -> bool:
    """Whether Envoy has confirmed the newest commit."""
    newest = f"{feed.writer.epoch}-{feed.writer.seq}"
    return [one.applied for one in instances.read(feed.client, [GATEWAY])[GATEWAY]] == [newest]


def checks(seconds: float) -> dict[str, Any]:
    return {"active": {"type": "http", "timeout": seconds, "http_path": "/"}}


def test_a_changed_cluster_is_ready_at_once(running: Bed, feed: Feed, node: str) -> None:
    eventually(lambda: has_all(feed), within=LONG)
    for balance in ("least_conn", "roundrobin", "least_conn"):
        feed.put(upstream(1, node, balance=balance), route(1, hosts=("h1.org", f"{balance}.org")))
        took = eventually(lambda: has_all(feed), within=LONG)
        assert took < SOON
        assert running.get(f"{balance}.org")[0] == 200


def test_routes_move_when_the_first_checks_are_over(
    running: Bed, feed: Feed, node: str, silent: str
) -> None:
    """Until all nodes were asked once, Envoy would answer 503 for the new cluster."""
    with load(running) as failed:
        feed.put(upstream(2, node, silent, checks=checks(2)), route(1, upstream="u2"))
        eventually(lambda: has_all(feed), within=LONG)
        time.sleep(0.5)
    assert not failed


def test_a_cluster_that_takes_long_does_not_keep_others_from_routes(
    running: Bed, feed: Feed, node: str, silent: str
) -> None:
    feed.put(upstream(2, silent, checks=checks(30)))
    warming = "cluster_manager.warming_clusters"
    eventually(lambda: running.stats(warming)[warming] == 1, within=LONG)
    with load(running) as failed:
        feed.put(upstream(3, node), route(1, upstream="u3", hosts=("h1.org", "moved.org")))
        eventually(lambda: running.get("moved.org")[0] != 404, within=LONG)
        time.sleep(0.5)
        assert running.stats(warming)[warming] == 1, "the other one is not ready yet"
    assert not failed


def test_an_envoy_whose_server_was_away_makes_changed_clusters_ready(
    running: Bed, feed: Feed, node: str
) -> None:
    running.kill_server()
    feed.put(upstream(1, node, balance="least_conn"), route(1, hosts=("h1.org", "new.org")))
    with load(running) as failed:
        running.start_server()
        eventually(lambda: running.get("new.org")[0] == 200, within=LONG)
        took = eventually(lambda: has_all(feed), within=LONG)
        assert took < SOON
    assert not failed
