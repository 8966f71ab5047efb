"""What a registry's worker says is what Prometheus reads."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from console.contract import keys
from console.lags import BOUNDS
from console.redis import Client
from registries import health, truth
from registries.health import Status
from registries.models import Registry
from registries.truth import Comparison, Difference
from tests.factories import make_control_plane, make_registry

from .conftest import Scrape

NOW = int(time.time() * 1000)
COUNTS = (1, 2, 3) + (0,) * (len(BOUNDS) - 3) + (4,)


@pytest.fixture
def registry(db: None) -> Registry:
    plane = make_control_plane(slug="main")
    return make_registry(name='a "name"\n', control_plane=plane, enabled=True)


def say(store: Client, registry: Registry, **fields: object) -> None:
    health.write(store, str(registry.pk), Status(**fields))  # type: ignore[arg-type]
    store.set(keys.lease(keys.registry(str(registry.pk))), "somebody")


def test_a_registry_is_named_by_id_name_and_control_plane(
    registry: Registry, scrape: Callable[[], Scrape]
) -> None:
    labels = {"registry": str(registry.pk), "name": registry.name, "control_plane": "main"}
    assert scrape().one("portolan_registry_enabled", **labels) == 1


def test_the_last_word_in_figures(
    registry: Registry, store: Client, scrape: Callable[[], Scrape]
) -> None:
    say(
        store,
        registry,
        phase="connected",
        since=NOW - 60_000,
        said_at=NOW,
        connected_at=NOW - 5_000,
        event_at=NOW - 9_000,
        bookmark_at=NOW - 7_000,
        services=12,
        endpoints=34,
        seq=56,
        commits=10,
        lists=2,
        watches=3,
        events=400,
        bookmarks=5,
        drift=1,
        failures={"cut": 2, "throttled": 3},
        refused={"a loopback address": 6, "address type <evil>": 1},
        lag_counts=COUNTS,
        lag_sum=1.5,
        token_expires_at=NOW + 1_000,
    )
    found = scrape()
    prefix = "portolan_registry_"
    for name, value in {
        "up": 1,
        "watched": 1,
        "services": 12,
        "endpoints": 34,
        "feed_seq": 56,
        "refused_endpoints": 7,
        "lists_total": 2,
        "watches_total": 3,
        "events_total": 400,
        "bookmarks_total": 5,
        "commits_total": 10,
        "drift_found_total": 1,
        "phase_timestamp_seconds": (NOW - 60_000) / 1000,
        "said_timestamp_seconds": NOW / 1000,
        "last_event_timestamp_seconds": (NOW - 9_000) / 1000,
        "last_bookmark_timestamp_seconds": (NOW - 7_000) / 1000,
        "token_expiry_timestamp_seconds": (NOW + 1_000) / 1000,
    }.items():
        assert found.one(prefix + name) == pytest.approx(value), name
    passed = time.time() - (NOW - 5_000) / 1000
    assert found.one(f"{prefix}seconds_since_connected") == pytest.approx(passed, abs=5)
    assert found.one(f"{prefix}failures_total", code="cut") == 2
    assert found.one(f"{prefix}failures_total", code="throttled") == 3
    assert found.one(f"{prefix}phase", phase="connected") == 1
    assert found.one(f"{prefix}phase", phase="failing") == 0
    assert found.one("portolan_registry_leases") == 1


def test_the_lags_are_a_histogram(
    registry: Registry, store: Client, scrape: Callable[[], Scrape]
) -> None:
    say(store, registry, lag_counts=COUNTS, lag_sum=1.5)
    found = scrape()
    name = "portolan_registry_publish_lag_seconds"
    assert found.one(f"{name}_bucket", le="0.001") == 1
    assert found.one(f"{name}_bucket", le="0.005") == 6
    assert found.one(f"{name}_bucket", le="10") == 6
    assert found.one(f"{name}_bucket", le="+Inf") == 10
    assert found.one(f"{name}_count") == 10
    assert found.one(f"{name}_sum") == 1.5
    say(store, registry, lag_counts=(1, 2))
    assert scrape().of(f"{name}_count") == {}, "buckets of another release say nothing"


def test_what_never_was_is_not_said(registry: Registry, scrape: Callable[[], Scrape]) -> None:
    found = scrape()
    assert found.one("portolan_registry_up") == 0
    assert found.one("portolan_registry_phase", phase="unknown") == 1
    for name in (
        "last_event_timestamp_seconds",
        "token_expiry_timestamp_seconds",
        "seconds_since_connected",
        "truth_differences",
    ):
        assert found.of(f"portolan_registry_{name}") == {}


def test_a_word_of_a_worker_that_is_gone_is_not_up(
    registry: Registry, store: Client, scrape: Callable[[], Scrape]
) -> None:
    say(store, registry, phase="connected", said_at=NOW)
    assert scrape().one("portolan_registry_up") == 1
    store.delete(keys.lease(keys.registry(str(registry.pk))))
    found = scrape()
    assert (found.one("portolan_registry_up"), found.one("portolan_registry_watched")) == (0, 0)


def test_a_disabled_registry_is_neither_up_nor_failing(
    registry: Registry, store: Client, scrape: Callable[[], Scrape]
) -> None:
    say(store, registry, phase="failing", reason="dns")
    Registry.objects.filter(pk=registry.pk).update(enabled=False)
    found = scrape()
    assert found.one("portolan_registry_enabled") == 0
    assert found.one("portolan_registry_phase", phase="disabled") == 1
    assert found.one("portolan_registry_phase", phase="failing") == 0


def test_what_a_cluster_says_becomes_no_label(
    registry: Registry, store: Client, scrape: Callable[[], Scrape]
) -> None:
    evil = 'evil"} 1\nportolan_registry_up 9'
    say(
        store,
        registry,
        phase="failing",
        text=evil,
        reason=evil,
        resource=evil,
        cluster=evil,
        worker=evil,
        warnings=(evil,),
        refused={evil: 1},
        failures={evil: 2, "also Evil": 3},
    )
    truth.write(
        str(registry.pk),
        Comparison(compared_at=1, services=1, differences=(Difference(service=evil),)),
    )
    found = scrape()
    assert "evil" not in found.text.lower()
    assert found.one("portolan_registry_failures_total", code="other") == 5


def test_the_truth_is_measured(
    registry: Registry, store: Client, scrape: Callable[[], Scrape]
) -> None:
    registry_id = str(registry.pk)
    differences = (Difference(service="shop/web", missing=("10.0.0.1",)),)
    truth.write(registry_id, Comparison(compared_at=NOW, services=3, differences=differences))
    found = scrape()
    assert found.one("portolan_registry_truth_differences") == 1
    assert found.one("portolan_registry_truth_services") == 3
    assert found.one("portolan_registry_truth_timestamp_seconds") == pytest.approx(NOW / 1000)
    truth.write(registry_id, Comparison(compared_at=NOW, error="no answer"))
    assert scrape().of("portolan_registry_truth_differences") == {}
