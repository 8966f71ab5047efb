"""Control planes, gateways and Redis, in figures."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
import pytest

from console.contract import keys
from console.feed import FeedWriter
from console.redis import Client
from gateways import health, instances
from gateways.health import Status
from gateways.instances import Instance
from gateways.xds import standing
from gateways.xds.standing import Standing
from tests.factories import make_control_plane, make_gateway

from .conftest import Scrape

NOW = int(time.time() * 1000)


def test_a_control_plane_tells_how_far_it_is_compiled(
    store: Client, scrape: Callable[[], Scrape]
) -> None:
    plane = make_control_plane(slug="main", name="Main")
    owner = keys.control_plane(str(plane.pk))
    writer = FeedWriter(store, keys.feed(owner), epoch=7)
    writer.open()
    writer.commit({"route/1": b"{}"})
    store.set(keys.lease(owner), "somebody")
    found = scrape()
    assert found.one("portolan_control_plane_compiled", control_plane="main", name="Main") == 1
    assert found.one("portolan_control_plane_feed_epoch") == 7
    assert found.one("portolan_control_plane_feed_seq") == 1
    assert found.one("portolan_control_plane_feed_commit_timestamp_seconds") >= NOW / 1000 - 1
    assert found.one("portolan_control_plane_leases") == 1


def test_a_gateway_tells_what_its_driver_said(store: Client, scrape: Callable[[], Scrape]) -> None:
    gateway = make_gateway(name="edge", control_plane=make_control_plane(slug="main"))
    status = Status(
        phase="in_sync",
        said_at=NOW,
        applied="3-41",
        applied_at=NOW,
        lag_ms=8,
        resources=5,
        written=6,
        refused={"route/1": "evil"},
    )
    health.write(store, str(gateway.pk), status)
    found = scrape()
    labels = {
        "gateway": str(gateway.pk),
        "name": "edge",
        "kind": "traefik",
        "control_plane": "main",
    }
    assert found.one("portolan_gateway_up", **labels) == 0, "nobody holds its lease"
    store.set(keys.lease(keys.gateway(str(gateway.pk))), "somebody")
    found = scrape()
    for name, value in {
        "up": 1,
        "driven": 1,
        "applied_seq": 41,
        "last_lag_seconds": 0.008,
        "resources": 5,
        "written_total": 6,
        "refused_resources": 1,
        "said_timestamp_seconds": NOW / 1000,
    }.items():
        assert found.one(f"portolan_gateway_{name}", **labels) == pytest.approx(value), name
    assert found.one("portolan_gateway_phase", phase="in_sync") == 1
    assert "evil" not in found.text


def test_the_instances_of_a_gateway_are_counted_by_state_with_their_lags(
    store: Client, scrape: Callable[[], Scrape]
) -> None:
    gateway = make_gateway(name="edge")
    key = str(gateway.pk)
    counts = (0, 3, 1, *(0,) * 10, 1)
    instances.report(store, key, Instance(id="1", hostname="h", lag_counts=counts, lag_sum=12.5))
    instances.report(store, key, Instance(id="2", hostname="evil", lag_counts=counts))
    instances.report(store, key, Instance(id="3", hostname="i", refuses="no"))
    found = scrape()
    assert found.one("portolan_gateway_instances", gateway=key, state="healthy") == 2
    assert found.one("portolan_gateway_instances", gateway=key, state="heartbeats") == 1
    assert found.one("portolan_gateway_instances", gateway=key, state="offline") == 0
    assert found.one("portolan_gateway_lag_seconds_bucket", gateway=key, le="0.0025") == 6
    assert found.one("portolan_gateway_lag_seconds_bucket", gateway=key, le="10") == 8
    assert found.one("portolan_gateway_lag_seconds_count", gateway=key) == 10
    assert found.one("portolan_gateway_lag_seconds_sum", gateway=key) == 12.5
    assert "evil" not in found.text


def test_what_was_found_otherwise_is_counted_once_it_was_looked(
    store: Client, scrape: Callable[[], Scrape]
) -> None:
    gateway = make_gateway(name="edge")
    health.write(store, str(gateway.pk), Status(phase="in_sync"))
    assert scrape().of("portolan_gateway_differences") == {}
    status = Status(phase="in_sync", audited_at=NOW, differences={"route/1": "evil"})
    health.write(store, str(gateway.pk), status)
    found = scrape()
    assert found.one("portolan_gateway_differences") == 1
    assert found.one("portolan_gateway_audited_timestamp_seconds") == pytest.approx(NOW / 1000)


def test_redis_tells_of_itself(evicting: Client, scrape: Callable[[], Scrape]) -> None:
    found = scrape()
    assert found.one("portolan_redis_up") == 1
    assert found.one("portolan_redis_evicts") == 1
    assert found.one("portolan_redis_memory_used_bytes") > 0
    evicting.config_set("maxmemory-policy", "noeviction")
    assert scrape().one("portolan_redis_evicts") == 0


def test_an_xds_server_tells_of_its_certificate(
    store: Client, scrape: Callable[[], Scrape]
) -> None:
    standing.say(store, Standing(id="plain:1"))
    standing.say(store, Standing(id="edge:2", envoys=3, certificate_expires_at=NOW + 1000))
    found = scrape()
    assert found.one("portolan_xds_envoys", server="edge:2") == 3
    ends = found.one("portolan_xds_certificate_expiry_timestamp_seconds")
    assert ends == pytest.approx(NOW / 1000 + 1)
    assert found.one("portolan_xds_certificate_refused", server="edge:2") == 0
    standing.say(store, Standing(id="edge:2", certificate_trouble="broken"))
    assert scrape().one("portolan_xds_certificate_refused", server="edge:2") == 1


def test_an_xds_server_that_is_silent_is_forgotten(store: Client) -> None:
    old = Standing(id="old:1", said_at=NOW - standing.SILENT - 1)
    store.hset(keys.xds_servers(), old.id, msgspec.json.encode(old))
    assert standing.read(store) == []
    standing.say(store, Standing(id="new:1"))
    assert [one.id for one in standing.read(store)] == ["new:1"]
    assert store.hkeys(keys.xds_servers()) == [b"new:1"]
    standing.leave(store, "new:1")
    assert standing.read(store) == []
