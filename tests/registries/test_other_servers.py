"""Who answers after an end that nobody ordered: the same server, an older one, another cluster."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from practice.testing import PracticeCluster
from registries.kube.client import Client
from registries.kube.errors import Denied, KubeError
from registries.kube.identity import Identity
from tests.registries.reflecting import TIMING, reflecting, spec_of
from tests.threads import eventually

WEB = "shop/web"


@pytest.fixture
def shop(cluster: PracticeCluster) -> PracticeCluster:
    cluster.put_service("shop", "web", addresses=["10.0.0.1"])
    return cluster


def queries(cluster: PracticeCluster, verb: str) -> list[dict]:
    return [one["params"] for one in cluster.requests(verb, "endpointslices")]


@pytest.mark.parametrize("streamed", [False, True])
def test_nothing_older_is_taken_than_an_earlier_reader_had(
    shop: PracticeCluster, streamed: bool
) -> None:
    since = shop.list("endpointslices", "shop")[0]["metadata"]["resourceVersion"]
    with reflecting(shop, since=since, streamed=streamed) as running:
        eventually(lambda: running.of(WEB) == ["10.0.0.1"])
        first = queries(shop, "watch" if streamed else "list")[0]
        assert first["resourceVersion"] == since
        assert first["resourceVersionMatch"] == "NotOlderThan"


@pytest.mark.parametrize("streamed", [False, True])
def test_a_version_of_the_future_is_given_up_for_a_consistent_list(
    shop: PracticeCluster, streamed: bool
) -> None:
    with reflecting(shop, since="99999999", streamed=streamed) as running:
        eventually(lambda: running.of(WEB) == ["10.0.0.1"], within=10)
        assert running.seen.failures == ["version_too_large"]
        second = queries(shop, "watch" if streamed else "list")[1]
        assert "resourceVersion" not in second


def test_an_expired_version_is_still_the_oldest_that_is_taken(shop: PracticeCluster) -> None:
    with reflecting(shop) as running:
        eventually(lambda: shop.open_watches() == 1)
        version = running.reflector.version
        shop.forget_requests()
        shop.fault("error-event", verb="watch", code=410, reason="Expired", count=1)
        shop.fault("drop-watches", how="rst")
        eventually(lambda: running.lists() == 1)
        full = next(one for one in queries(shop, "list") if one["limit"] == "500")
        assert full["resourceVersion"] == version
        assert full["resourceVersionMatch"] == "NotOlderThan"


def test_an_ordinary_end_needs_no_proof(shop: PracticeCluster) -> None:
    timing = replace(TIMING, watch_for=(1, 1), short_watch=0.1)
    with reflecting(shop, timing=timing) as running:
        eventually(lambda: shop.open_watches() == 1)
        shop.forget_requests()
        eventually(lambda: running.watches() >= 2)
        assert queries(shop, "list") == []
        assert shop.requests("get") == []


def test_another_cluster_at_the_address_changes_nothing(shop: PracticeCluster) -> None:
    with reflecting(shop) as running:
        eventually(lambda: shop.open_watches() == 1)
        shop.fault("swap-identity")
        eventually(lambda: running.status.reason == "other_cluster")
        shop.put_service("shop", "web", addresses=["10.9.9.9"])
        shop.delete_service("shop", "web")
        time.sleep(1.2)
        assert running.of(WEB) == ["10.0.0.1"]
        assert running.status.phase == "failing"
        assert shop.open_watches() == 0


def identity_of(cluster: PracticeCluster, token: str = "", expected: str = "") -> Identity:
    spec = spec_of(cluster, token=token) if token else spec_of(cluster)
    return Identity(Client(spec, allow_loopback=True), expected=[expected])


def test_the_first_identity_is_the_right_one_unless_another_is_expected(
    shop: PracticeCluster,
) -> None:
    identity = identity_of(shop)
    identity.check()
    assert identity.seen == shop.get("namespaces", "", "kube-system")["metadata"]["uid"]
    again = identity_of(shop, expected=identity.seen)
    again.check()
    other = identity_of(shop, expected="another")
    with pytest.raises(KubeError, match="another cluster") as caught:
        other.check()
    assert caught.value.code == "other_cluster"
    assert other.seen == identity.seen, "it is shown to whoever has to decide"


def test_a_token_that_may_not_read_it_leaves_it_unknown(shop: PracticeCluster) -> None:
    shop.grant("shop/poor", [])
    identity = identity_of(shop, token=shop.mint_token("shop/poor"))
    identity.check()
    assert identity.seen == ""


def test_an_identity_that_was_readable_is_insisted_on_for_a_while(shop: PracticeCluster) -> None:
    identity = identity_of(shop)
    identity.check()
    shop.fault("status", verb="get", resource="namespaces", code=403)
    for _ in range(2):
        with pytest.raises(Denied):
            identity.check()
    identity.check()
    assert identity.seen == ""
