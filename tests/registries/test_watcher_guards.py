"""A registry's watcher: another cluster at the address, readers that hang, feeds that are new."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from console.contract import keys
from console.redis import Client
from practice.testing import PracticeCluster
from registries import actions, publisher, source
from registries.kube.reflector.watching import Watching
from tests.registries.reflecting import TIMING
from tests.registries.watched import PACE, Published, registry_of, watching
from tests.threads import eventually

pytestmark = pytest.mark.django_db(transaction=True)

WEB = "shop/web"


@pytest.fixture
def shop(cluster: PracticeCluster) -> PracticeCluster:
    cluster.put_service("shop", "web", addresses=["10.0.0.1"])
    return cluster


def put(cluster: PracticeCluster, *addresses: str) -> None:
    cluster.put_service("shop", "web", addresses=addresses)


def source_of(store: Client, registry_id: str) -> source.Source:
    meta = keys.feed(keys.registry(registry_id)).meta
    return source.decode((store.hget(meta, "source") or b"").decode())


def test_another_cluster_is_published_when_somebody_says_so(
    shop: PracticeCluster, store: Client
) -> None:
    registry = registry_of(shop)
    published = Published(store, registry)
    with watching(registry):
        eventually(lambda: published.of(WEB) == ["10.0.0.1"])
        first = published.status.cluster
        shop.fault("swap-identity")
        put(shop, "10.9.9.9")
        eventually(lambda: published.status.reason == "other_cluster")
    with watching(registry):  # another worker does not fall for it either
        eventually(lambda: published.status.reason == "other_cluster")
        assert published.of(WEB) == ["10.0.0.1"]
        found = published.status.cluster
        assert found not in ("", first)
        actions.accept_cluster(registry=registry, cluster=found, actor=None)
        eventually(lambda: published.of(WEB) == ["10.9.9.9"])
        eventually(lambda: published.status.phase == "connected")
        assert source_of(store, str(registry.pk)).cluster == found


def test_a_new_address_may_lead_to_another_cluster(shop: PracticeCluster, store: Client) -> None:
    registry = registry_of(shop)
    published = Published(store, registry)
    with watching(registry):
        eventually(lambda: published.of(WEB) == ["10.0.0.1"])
    with PracticeCluster() as other:
        put(other, "10.1.1.1")
        registry.refresh_from_db()
        registry.server, registry.ca_bundle = other.server, other.ca
        registry.token = other.token
        actions.change_registry(registry=registry, actor=None, verify=False)
        with watching(registry):
            eventually(lambda: published.of(WEB) == ["10.1.1.1"])


def test_the_next_worker_takes_nothing_older(shop: PracticeCluster, store: Client) -> None:
    registry = registry_of(shop)
    published = Published(store, registry)
    with watching(registry):
        eventually(lambda: published.of(WEB) == ["10.0.0.1"])
        put(shop, "10.0.0.2")
        eventually(lambda: published.of(WEB) == ["10.0.0.2"])
    version = source_of(store, str(registry.pk)).versions[""]
    shop.forget_requests()
    with watching(registry):
        eventually(lambda: shop.open_watches() == 1)
    first = shop.requests("watch", "endpointslices")[0]["params"]
    assert (first["resourceVersion"], first["resourceVersionMatch"]) == (version, "NotOlderThan")


def test_a_reader_that_hangs_is_replaced(
    shop: PracticeCluster, store: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from registries import watcher

    monkeypatch.setattr(watcher, "_STUCK", 0.5)
    registry = registry_of(shop)
    published = Published(store, registry)
    pace = replace(PACE, reading=replace(TIMING, silence=0.5))
    shop.fault("bookmarks", every=0.1)
    real, hung = Watching.lines, []

    def hang(self: Watching, *args: object, **kwargs: object) -> object:
        lines = real(self, *args, **kwargs)  # type: ignore[arg-type]
        for line in lines:
            if not hung and b"10.0.0.2" in line:
                hung.append(line)
                time.sleep(30)  # as if a call never returned: closing its socket does not wake it
            yield line

    monkeypatch.setattr(Watching, "lines", hang)
    with watching(registry, pace=pace):
        eventually(lambda: published.of(WEB) == ["10.0.0.1"])
        put(shop, "10.0.0.2")
        eventually(lambda: bool(hung))
        eventually(lambda: published.of(WEB) == ["10.0.0.2"], within=25)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_reader_that_is_gone_is_replaced(
    shop: PracticeCluster, store: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = registry_of(shop)
    published = Published(store, registry)
    real, ended = Watching.lines, []

    def end(self: Watching, *args: object, **kwargs: object) -> object:
        for line in real(self, *args, **kwargs):  # type: ignore[arg-type]
            if not ended and b"10.0.0.2" in line:
                ended.append(line)
                raise SystemExit
            yield line

    monkeypatch.setattr(Watching, "lines", end)
    with watching(registry):
        eventually(lambda: published.of(WEB) == ["10.0.0.1"])
        put(shop, "10.0.0.2")
        eventually(lambda: published.of(WEB) == ["10.0.0.2"])
        assert ended


RULE = {
    "apiGroups": ["discovery.k8s.io"],
    "resources": ["endpointslices"],
    "verbs": ["list", "watch"],
}


def test_a_new_feed_says_nothing_before_every_namespace_was_read(
    shop: PracticeCluster, store: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To its readers "not in it" will mean "does not exist"."""
    shop.put_service("bank", "web", addresses=["10.0.0.2"])
    hole = shop.fault("hang", verb="*", namespace="bank", resource="endpointslices", when="before")
    registry = registry_of(shop, namespaces=["bank", "shop"])
    published = Published(store, registry)
    with watching(registry):
        eventually(lambda: published.status.lists == 1)
        time.sleep(0.7)
        assert published.seq == 0
        monkeypatch.setattr(publisher, "FIRST_WITHIN", 1.0)
        eventually(lambda: published.names() == {WEB}, what="one that hangs is not waited for")
        shop.clear_faults(hole["id"])
        shop.fault("drop-watches")


def test_the_status_tells_what_happened(shop: PracticeCluster, store: Client) -> None:
    shop.fault("bookmarks", every=0.1)
    registry = registry_of(shop)
    published = Published(store, registry)
    with watching(registry):
        eventually(lambda: published.of(WEB) == ["10.0.0.1"])
        put(shop, "10.0.0.2")
        eventually(lambda: published.of(WEB) == ["10.0.0.2"])
        eventually(lambda: published.status.bookmarks > 0 and published.status.commits == 2)
        status = published.status
        assert status.streamed
        assert status.events >= 1
        assert status.bookmark_at >= status.connected_at - 5_000
        assert sum(status.lag_counts) == status.commits
        assert 0 < status.lag_sum < 5
        assert status.worker
        shop.fault("status", verb="watch", code=429, count=1, retry_after=0)
        shop.fault("drop-watches")
        eventually(lambda: published.status.failures.get("throttled") == 1)
