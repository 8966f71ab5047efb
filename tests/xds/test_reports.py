"""How each Envoy stands is told: its position, its lag, what it refuses, why its stream ended."""

from __future__ import annotations

import time
from typing import Any

import grpc
import pytest

from gateways import instances
from gateways.drivers.envoy import api
from gateways.xds.connection import Connection
from gateways.xds.running import Running
from tests.threads import eventually

from .client import quiet
from .conftest import GATEWAY, Connect, Feed, route, upstream
from .test_server import GENEROUS, filled


def report(feed: Feed) -> list[instances.Instance]:
    return instances.read(feed.client, [GATEWAY])[GATEWAY]


def test_who_is_stuck_with_thousands_holds_up_nobody(feed: Feed, connect: Connect) -> None:
    size = 3_000
    stuck = [connect(node=f"stuck{number}", confirms=False) for number in range(5)]
    feed.put(*(upstream(n, "10.0.0.1") for n in range(size)), route(1))
    quick = connect(node="quick")
    filled(quick, size)
    for number in range(50):
        feed.put(upstream(7, f"10.9.0.{number + 1}"))
    eventually(
        lambda: b"10.9.0.50" in quick.bodies[api.ASSIGNMENTS]["upstream/u7"], within=GENEROUS
    )
    wanted = f"1-{feed.writer.seq}"
    eventually(
        lambda: {one.applied for one in report(feed) if one.id == "quick"} == {wanted},
        within=GENEROUS,
    )
    assert {one.applied for one in report(feed) if one.id != "quick"} == {""}
    assert len(report(feed)) == 1 + len(stuck)


def test_a_refusal_is_reported_and_the_rest_goes_on(feed: Feed, connect: Connect) -> None:
    feed.put(upstream(1, "10.0.0.1"), route(1))
    client = connect(node="grumbler", refuses=api.LISTENERS)
    filled(client, 1)

    def said() -> str:
        return next((one.refuses for one in report(feed) if one.id == "grumbler"), "")

    eventually(lambda: "no good" in said(), within=GENEROUS)
    feed.put(upstream(2, "10.0.0.1"))
    filled(client, 2)


def test_a_refusal_is_over_when_its_reason_is_undone(feed: Feed, connect: Connect) -> None:
    feed.put(upstream(1, "10.0.0.1"), route(1))
    client = connect()
    filled(client, 1)
    quiet(client)
    client.refuses = api.CLUSTERS
    feed.put(upstream(1, "10.0.0.1", balance="least_conn"))
    eventually(lambda: "no good" in report(feed)[0].refuses, within=GENEROUS)
    feed.put(upstream(1, "10.0.0.1"))
    eventually(lambda: not report(feed)[0].refuses, within=GENEROUS)
    assert report(feed)[0].applied == f"1-{feed.writer.seq}"


def test_an_envoy_whose_word_breaks_the_server_is_told_so_and_comes_again(
    feed: Feed, connect: Connect, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    feed.put(upstream(1, "10.0.0.1"), route(1))
    client, other = connect(), connect(node="other")
    filled(client, 1)
    filled(other, 1)

    def broken(self: Connection, request: Any) -> None:
        raise KeyError("a mistake of ours")

    with monkeypatch.context() as patched:
        patched.setattr(Connection, "take", broken)
        client.ask(api.ASSIGNMENTS, "upstream/u1")
        eventually(lambda: client.error is not None, within=GENEROUS)
    assert client.error.code() == grpc.StatusCode.UNKNOWN, "to Envoy an end like any other is none"
    assert "a mistake of ours" in caplog.text
    again = connect()
    filled(again, 1)
    feed.put(upstream(2, "10.0.0.1"))
    filled(again, 2)
    filled(other, 2)


def test_each_envoy_is_reported_with_its_position_and_its_lag(feed: Feed, connect: Connect) -> None:
    feed.put(upstream(1, "10.0.0.1"), route(1))
    client = connect(node="e1")
    filled(client, 1)
    quiet(client)
    feed.put(upstream(1, "10.0.0.2", observed_at=int(time.time() * 1000) - 20))
    wanted = f"1-{feed.writer.seq}"
    eventually(lambda: [one.applied for one in report(feed)] == [wanted], within=GENEROUS)
    eventually(lambda: report(feed)[0].lag_ms is not None, within=GENEROUS)
    (one,) = report(feed)
    assert (one.id, one.by, one.refuses) == ("e1", "xds", "")
    assert one.lag_ms is not None
    assert one.lag_ms >= 20
    assert sum(one.lag_counts) == 1
    feed.put()  # a commit without a change
    wanted = f"1-{feed.writer.seq}"
    eventually(lambda: [one.applied for one in report(feed)] == [wanted], within=GENEROUS)


def test_an_envoy_that_came_again_is_reported_by_its_newest_connection(
    feed: Feed, server: Running, connect: Connect
) -> None:
    feed.put(upstream(1, "10.0.0.1"), route(1))
    stuck = connect(node="e1", reads=False)
    eventually(lambda: [one.id for one in report(feed)] == ["e1"], within=GENEROUS)
    new = connect(node="e1")
    filled(new, 1)
    feed.put(upstream(1, "10.0.0.2"))
    wanted = f"1-{feed.writer.seq}"
    eventually(lambda: [one.applied for one in report(feed)] == [wanted], within=GENEROUS)
    feed.put()
    wanted = f"1-{feed.writer.seq}"
    eventually(lambda: [one.applied for one in report(feed)] == [wanted], within=GENEROUS)
    gateway = server.server._gateways[GATEWAY]
    stuck.close()
    eventually(lambda: len(gateway.connections) == 1, within=GENEROUS)
    assert (GATEWAY, "e1") in server.server._reports._standing  # it is repeated
    new.close()
    eventually(lambda: not server.server._reports._standing, within=GENEROUS)
