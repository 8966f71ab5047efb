"""Now and then the whole is compared: what the watch has missed is found, counted and put right."""

from __future__ import annotations

from dataclasses import replace

import pytest

from practice.testing import PracticeCluster
from tests.registries.reflecting import TIMING, reflecting
from tests.threads import eventually

WEB = "shop/web"
OFTEN = replace(TIMING, watch_for=(1, 1), short_watch=0.1, check_every=(0.2, 0.2))


@pytest.fixture
def shop(cluster: PracticeCluster) -> PracticeCluster:
    cluster.put_service("shop", "web", addresses=["10.0.0.1"])
    return cluster


def exact(cluster: PracticeCluster) -> int:
    asked = [one["params"] for one in cluster.requests("list", "endpointslices")]
    return sum(one.get("resourceVersionMatch") == "Exact" for one in asked)


def test_what_holds_is_found_to_hold(shop: PracticeCluster) -> None:
    with reflecting(shop, timing=OFTEN) as running:
        for number in range(30):
            shop.put_service("shop", "web", addresses=[f"10.0.1.{number}"])
        eventually(lambda: exact(shop) >= 2, within=8)
        shop.put_service("shop", "web", addresses=["10.0.0.9"])
        eventually(lambda: running.of(WEB) == ["10.0.0.9"])
        assert running.status.drift == 0
        assert running.status.lists == 1, "a list that changes nothing is none"


def test_what_was_missed_is_counted_and_put_right(shop: PracticeCluster) -> None:
    with reflecting(shop, timing=OFTEN) as running:
        eventually(lambda: running.of(WEB) == ["10.0.0.1"])
        # As if an event had been lost: nobody else ever will say it again.
        slice_ = shop.list("endpointslices", "shop")[0]["metadata"]["name"]
        running.seen.store.drop("shop", slice_)
        eventually(lambda: running.status.drift == 1, within=8)
        eventually(lambda: running.of(WEB) == ["10.0.0.1"])
        before = exact(shop)
        eventually(lambda: exact(shop) > before, within=8)
        assert running.status.drift == 1


def test_a_forgotten_version_is_an_ordinary_list_and_no_drift(shop: PracticeCluster) -> None:
    with reflecting(shop, timing=OFTEN) as running:
        eventually(lambda: running.of(WEB) == ["10.0.0.1"])
        shop.fault("status", verb="list", code=410, reason="Expired", count=1)
        eventually(lambda: running.lists() >= 3, within=8)
        eventually(lambda: running.status.lists == 2)
        assert running.status.drift == 0
        assert running.seen.failures == []


def test_a_failing_one_does_not_disturb_the_watch(shop: PracticeCluster) -> None:
    with reflecting(shop, timing=OFTEN) as running:
        eventually(lambda: running.of(WEB) == ["10.0.0.1"])
        shop.fault("status", verb="list", code=500)
        eventually(lambda: "server_error" in running.seen.remarks, within=8)
        shop.put_service("shop", "web", addresses=["10.0.0.2"])
        eventually(lambda: running.of(WEB) == ["10.0.0.2"])
        assert running.seen.failures == []


def test_a_server_that_came_back_on_another_way_is_found_out(shop: PracticeCluster) -> None:
    """Restored from a backup, and past our version since: a watch from there says nothing wrong,
    and never that what we hold is of a history that did not happen."""
    timing = replace(TIMING, check_soon=(0.5, 0.5), check_pause=0.0)
    with reflecting(shop, timing=timing) as running:
        eventually(lambda: running.of(WEB) == ["10.0.0.1"])
        shop.fault("save")
        shop.put_service("shop", "ghost", addresses=["10.0.0.7"])
        shop.put_service("shop", "web", addresses=["10.0.0.2"])
        eventually(lambda: running.of(WEB) == ["10.0.0.2"])
        away = shop.fault("status", verb="*", resource="endpointslices", code=503)
        shop.fault("restore")
        for number in range(40):
            shop.put_service("bank", "busy", addresses=[f"10.0.4.{number}"])
        shop.clear_faults(away["id"])
        eventually(lambda: running.of(WEB) == ["10.0.0.1"], within=10)
        eventually(lambda: running.of("shop/ghost") is None)
        assert running.status.drift >= 2
        assert "version_too_large" not in running.seen.failures
