"""The first state by a watch (WatchList): counted only when complete, and never insisted on."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from practice.testing import PracticeCluster, service_with_slice
from registries.kube.slices import ENDPOINT_SLICES, ENDPOINTS
from tests.registries.reflecting import TIMING, reflecting
from tests.threads import eventually

WEB = "shop/web"
QUICK = replace(TIMING, first_silence=0.5)


@pytest.fixture
def shop(cluster: PracticeCluster) -> PracticeCluster:
    cluster.put_service("shop", "web", addresses=["10.0.0.1"])
    return cluster


def many(cluster: PracticeCluster, number: int = 20) -> None:
    for n in range(number):
        cluster.put_service("bank", f"b{n}", addresses=[f"10.0.2.{n}"])


def test_one_request_is_the_list_and_the_watch(shop: PracticeCluster) -> None:
    many(shop)
    with reflecting(shop, streamed=True) as running:
        eventually(lambda: running.status.phase == "connected")
        eventually(lambda: running.of("bank/b19") == ["10.0.2.19"])
        assert (running.lists(), running.watches()) == (0, 1)
        eventually(lambda: (running.status.lists, running.status.watches) == (1, 1))
        shop.put_service("shop", "web", addresses=["10.0.0.2"])
        eventually(lambda: running.of(WEB) == ["10.0.0.2"])
        version = running.reflector.version
        time.sleep(TIMING.short_watch + 0.05)
        shop.fault("drop-watches", how="rst")
        shop.put_service("shop", "web", addresses=["10.0.0.3"])
        eventually(lambda: running.of(WEB) == ["10.0.0.3"])
        resumed = shop.requests("watch")[-1]["params"]
        assert resumed["resourceVersion"] == version
        assert "sendInitialEvents" not in resumed
        assert running.seen.failures == []


def test_a_selector_holds_for_it_too(shop: PracticeCluster) -> None:
    shop.apply_all(service_with_slice("shop", "api", addresses=["10.0.0.8"]))
    selector = "kubernetes.io/service-name=api"
    with reflecting(shop, streamed=True, label_selector=selector) as running:
        eventually(lambda: running.of("shop/api") == ["10.0.0.8"])
        assert running.seen.now.keys() == {"shop/api"}


def test_a_server_that_does_not_know_it_is_asked_for_a_list_at_once(shop: PracticeCluster) -> None:
    shop.fault("watch-list", on=False)
    with reflecting(shop, streamed=True) as running:
        eventually(lambda: running.of(WEB) == ["10.0.0.1"])
        eventually(lambda: running.status.phase == "connected")
        assert running.seen.failures == []
        assert not running.reflector.streamed
        shop.fault("compact")
        shop.fault("drop-watches", how="rst")
        shop.put_service("shop", "web", addresses=["10.0.0.2"])
        eventually(lambda: running.of(WEB) == ["10.0.0.2"])
        asked = [one["params"] for one in shop.requests("watch")]
        assert sum("sendInitialEvents" in one for one in asked) == 1, "not asked again"


def test_an_end_that_never_comes_is_not_waited_for(shop: PracticeCluster) -> None:
    """As a server answers that passes the parameter over: events, and never the end bookmark."""
    shop.fault("hang", verb="watch", at=40, count=1)
    began = time.monotonic()
    with reflecting(shop, streamed=True, timing=QUICK) as running:
        eventually(lambda: running.of(WEB) == ["10.0.0.1"])
        assert time.monotonic() - began >= 0.4
        assert running.lists() == 1
        assert not running.reflector.streamed
        assert running.seen.failures == []


def test_a_stream_that_is_cut_before_its_end_says_nothing(shop: PracticeCluster) -> None:
    many(shop)
    shop.fault("cut", verb="watch", at=900, count=1)
    shop.fault("hang", verb="list", when="before")
    with reflecting(shop, streamed=True) as running:
        eventually(lambda: len(shop.requests("list")) == 1)
        assert running.seen.now == {}, "some came, but not all"
        shop.clear_faults()
        shop.fault("drop-watches")


def test_versions_of_first_events_are_not_remembered(shop: PracticeCluster) -> None:
    many(shop)
    shop.fault("cut", verb="watch", at=900, count=1)
    with reflecting(shop, streamed=True) as running:
        eventually(lambda: running.status.phase == "connected")
        listed = [one for one in shop.requests("list") if one["params"]["limit"] == "500"]
        assert [one["params"].get("resourceVersion") for one in listed] == [None]


def test_what_changes_among_the_first_events_counts(shop: PracticeCluster) -> None:
    shop.put_service("shop", "old", addresses=["10.0.0.7"])
    fault = shop.fault("slow", verb="watch", rate=3_000, count=1)
    with reflecting(shop, streamed=True) as running:
        time.sleep(0.3)
        shop.delete_service("shop", "old")
        shop.put_service("shop", "web", addresses=["10.0.0.2"])
        shop.clear_faults(fault["id"])
        eventually(lambda: running.of(WEB) == ["10.0.0.2"], within=10)
        eventually(lambda: running.of("shop/old") is None)


def test_a_bare_stream_is_confirmed_before_it_counts(shop: PracticeCluster) -> None:
    many(shop, 12)
    with reflecting(shop, streamed=True, guarded=True) as running:
        eventually(lambda: len(running.seen.now) >= 13)
        eventually(lambda: shop.open_watches() == 1)
        fault = shop.fault("status", verb="*", resource="endpointslices", code=503)
        shop.fault("drop-watches", how="rst")
        for number in range(12):
            shop.delete_service("bank", f"b{number}")
        shop.fault("compact")
        shop.clear_faults(fault["id"])
        eventually(lambda: running.status.reason == "mass_deletion")
        assert running.of("bank/b0") == ["10.0.2.0"]
        eventually(lambda: running.of("bank/b0") is None)
        assert running.reflector.streamed


def test_what_may_not_be_watched_gives_way_to_what_may(shop: PracticeCluster) -> None:
    rule = {"apiGroups": [""], "resources": ["endpoints"], "verbs": ["list", "watch"]}
    shop.grant("shop/legacy", [rule])
    token = shop.mint_token("shop/legacy")
    both = (ENDPOINT_SLICES, ENDPOINTS)
    with reflecting(shop, resources=both, token=token, streamed=True) as running:
        eventually(lambda: running.status.phase == "connected")
        assert running.reflector.resource is ENDPOINTS
        assert set(running.seen.failures) == {"forbidden"}
