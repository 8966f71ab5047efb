"""A registry's watcher as a whole: its row, the cluster and Redis change under it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from console.contract import keys
from console.redis import Client
from practice.testing import PracticeCluster
from registries import actions
from registries.models import Registry
from tests.registries.watched import Published, registry_of, watching
from tests.threads import eventually

pytestmark = pytest.mark.django_db(transaction=True)

WEB = "shop/web"
RULE = {
    "apiGroups": ["discovery.k8s.io"],
    "resources": ["endpointslices"],
    "verbs": ["list", "watch"],
}


@pytest.fixture(scope="module")
def shared() -> Iterator[PracticeCluster]:
    with PracticeCluster() as running:
        yield running


@pytest.fixture
def cluster(shared: PracticeCluster) -> Iterator[PracticeCluster]:
    for namespace in ("shop", "bank", "closed"):
        shared.put_service(namespace, "web", addresses=["10.0.0.1"])
    yield shared
    shared.clear_faults()
    shared.forget_requests()


def change(registry: Registry, **fields: object) -> None:
    fresh = Registry.objects.get(pk=registry.pk)
    for name, value in fields.items():
        setattr(fresh, name, value)
    actions.change_registry(registry=fresh, actor=None, verify=False)


def put(cluster: PracticeCluster, *addresses: str) -> None:
    cluster.put_service("shop", "web", addresses=addresses)


def test_a_revoked_token_keeps_the_nodes_and_a_new_one_goes_on(
    cluster: PracticeCluster, store: Client
) -> None:
    registry = registry_of(cluster)
    published = Published(store, registry)
    with watching(registry):
        eventually(lambda: published.of(WEB) == ["10.0.0.1"])
        cluster.fault("revoke")
        cluster.fault("drop-watches", how="clean")
        eventually(lambda: published.status.reason == "unauthorized")
        assert published.status.phase == "failing"
        assert published.of(WEB) == ["10.0.0.1"]
        put(cluster, "10.0.0.2")
        change(registry, token=cluster.admin_token)
        eventually(lambda: published.of(WEB) == ["10.0.0.2"])
        eventually(lambda: published.status.phase == "connected")
        assert published.status.text == ""


def test_disabling_closes_the_watch_and_keeps_the_nodes(
    cluster: PracticeCluster, store: Client
) -> None:
    registry = registry_of(cluster)
    published = Published(store, registry)
    with watching(registry):
        eventually(lambda: cluster.open_watches() == 1)
        eventually(lambda: published.of(WEB) == ["10.0.0.1"])
        change(registry, enabled=False)
        eventually(lambda: cluster.open_watches() == 0)
        eventually(lambda: published.status.phase == "disabled")
        eventually(lambda: store.get(keys.lease(keys.registry(str(registry.pk)))) is None)
        assert published.of(WEB) == ["10.0.0.1"]


def test_an_edit_starts_over_and_never_drops_a_node(
    cluster: PracticeCluster, store: Client
) -> None:
    registry = registry_of(cluster, deletion_guard=False)
    published = Published(store, registry)
    with watching(registry):
        eventually(lambda: {WEB, "bank/web"} <= published.names())
        seq = published.seq
        change(registry, description="edited")
        eventually(lambda: published.status.lists == 1 and cluster.open_watches() == 1)
        time.sleep(0.1)
        assert published.seq == seq, "nothing changed, so nothing is written"
        change(registry, namespace_operator="equal", namespace_patterns=["shop"])
        eventually(lambda: published.names() == {WEB})
        assert published.of(WEB) == ["10.0.0.1"]


def test_a_forbidden_namespace_does_not_stop_the_others(
    cluster: PracticeCluster, store: Client
) -> None:
    for namespace in ("shop", "bank"):
        cluster.grant("portolan/some", [RULE], namespace=namespace)
    registry = registry_of(
        cluster,
        token=cluster.mint_token("portolan/some"),
        namespaces=["bank", "closed", "shop"],
        resource="endpointslices",
    )
    published = Published(store, registry)
    with watching(registry):
        eventually(lambda: published.names() == {WEB, "bank/web"})
        eventually(lambda: published.status.reason == "forbidden")
        assert "closed" in published.status.text
        put(cluster, "10.0.0.5")
        eventually(lambda: published.of(WEB) == ["10.0.0.5"])
        cluster.revoke_grant("portolan/some", namespace="bank")
        cluster.fault("drop-watches", how="clean")
        put(cluster, "10.0.0.6")
        eventually(lambda: published.of(WEB) == ["10.0.0.6"])
        assert published.of("bank/web") == ["10.0.0.1"]


def test_a_deleted_registry_leaves_nothing(cluster: PracticeCluster, store: Client) -> None:
    registry = registry_of(cluster)
    published = Published(store, registry)
    with watching(registry):
        eventually(lambda: published.of(WEB) == ["10.0.0.1"])
        actions.delete_registry(registry=registry, actor=None)
        eventually(lambda: store.get(keys.lease(keys.registry(str(registry.pk)))) is None)
        eventually(lambda: cluster.open_watches() == 0)
    # What keeps others from starting the work twice goes by itself, after seconds.
    assert [key for key in store.keys("*registry:*") if store.ttl(key) < 0] == []


def test_an_emptied_redis_is_filled_without_asking_the_cluster(
    cluster: PracticeCluster, store: Client
) -> None:
    registry = registry_of(cluster)
    published = Published(store, registry)
    with watching(registry):
        eventually(lambda: published.of(WEB) == ["10.0.0.1"])
        eventually(lambda: cluster.open_watches() == 1)
        cluster.forget_requests()
        store.flushdb()
        eventually(lambda: published.of(WEB) == ["10.0.0.1"])
        eventually(lambda: published.status.phase == "connected")
        assert cluster.requests("list") == []


def test_another_worker_takes_over_without_a_word(cluster: PracticeCluster, store: Client) -> None:
    registry = registry_of(cluster)
    published = Published(store, registry)
    with watching(registry):
        eventually(lambda: published.of(WEB) == ["10.0.0.1"])
        seq = published.seq
    assert published.of(WEB) == ["10.0.0.1"], "a worker that goes takes nothing along"
    with watching(registry):
        eventually(lambda: cluster.open_watches() == 1)
        eventually(lambda: published.status.lists == 1)
        assert published.seq == seq
        put(cluster, "10.0.0.3")
        eventually(lambda: published.of(WEB) == ["10.0.0.3"])


def test_a_fenced_watcher_stops(cluster: PracticeCluster, store: Client) -> None:
    registry = registry_of(cluster)
    published = Published(store, registry)
    with watching(registry):
        eventually(lambda: published.of(WEB) == ["10.0.0.1"])
        feed = keys.feed(keys.registry(str(registry.pk)))
        store.hset(feed.meta, "epoch", 1_000)
        put(cluster, "10.0.0.9")
        eventually(lambda: cluster.open_watches() == 0)
        assert published.of(WEB) == ["10.0.0.1"]


def test_a_cluster_that_is_away_from_the_start_is_said_and_not_published(
    store: Client,
) -> None:
    from console.embedded import ports

    registry = registry_of_nowhere(ports.free())
    published = Published(store, registry)
    with watching(registry):
        eventually(lambda: published.status.reason == "refused")
        store.flushdb()
        time.sleep(0.8)
        assert published.seq == 0


def registry_of_nowhere(port: int) -> Registry:
    from tests.factories import make_registry

    return make_registry(server=f"https://127.0.0.1:{port}")


def test_a_cluster_that_restarts_is_followed_again(store: Client, tmp_path: object) -> None:
    from pathlib import Path

    from console.embedded import ports

    port, data = ports.free(), Path(str(tmp_path))
    with PracticeCluster(data=data, port=port) as first:
        put(first, "10.0.0.1")
        registry = registry_of(first)
        published = Published(store, registry)
        watch = watching(registry)
        watch.__enter__()
        try:
            eventually(lambda: published.of(WEB) == ["10.0.0.1"])
            first.stop()
            eventually(lambda: published.status.phase == "failing")
            assert published.of(WEB) == ["10.0.0.1"]
            with PracticeCluster(data=data, port=port) as second:
                put(second, "10.0.0.2")
                eventually(lambda: published.of(WEB) == ["10.0.0.2"])
                eventually(lambda: published.status.phase == "connected")
        finally:
            watch.__exit__(None, None, None)


def test_odd_endpoints_are_left_out_and_said(cluster: PracticeCluster, store: Client) -> None:
    put(cluster, "10.0.0.1", "239.1.1.1")
    registry = registry_of(cluster)
    published = Published(store, registry)
    with watching(registry):
        eventually(lambda: published.of(WEB) == ["10.0.0.1"])
        eventually(lambda: any("multicast" in one for one in published.status.warnings))


def test_services_that_the_cluster_cut_off_are_named(
    cluster: PracticeCluster, store: Client
) -> None:
    endpoints = {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "annotations": {"endpoints.kubernetes.io/over-capacity": "truncated"},
        },
        "subsets": [{"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}]}],
    }
    cluster.apply_all([endpoints])
    registry = registry_of(cluster, resource="endpoints")
    published = Published(store, registry)
    with watching(registry):
        eventually(lambda: published.status.truncated == 1)
        assert published.status.cut_off == (WEB,)
