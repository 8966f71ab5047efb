"""A registry's watcher against the practice cluster: what the cluster says is in the feed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from console.contract import keys, wire
from console.redis import Client
from practice.testing import PracticeCluster
from registries import health, watcher
from registries.models import Registry
from tests.factories import make_registry
from tests.threads import eventually, owned

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def watching(registry: Registry) -> Iterator[None]:
    registry_id = str(registry.pk)
    with owned(
        keys.registry(registry_id),
        claim_epoch=lambda: Registry.claim_epoch(registry_id),
        body=lambda ownership: watcher.watch(registry_id, ownership),
    ):
        yield


def feed_of(store: Client, registry: Registry) -> dict[str, wire.Service]:
    states = store.hgetall(keys.feed(keys.registry(str(registry.pk))).states)
    return {name.decode(): wire.decode_service(state) for name, state in states.items()}


def addresses(store: Client, registry: Registry, name: str) -> list[str]:
    service = feed_of(store, registry).get(name)
    if service is None:
        return []
    return [one.address for subset in service.subsets for one in subset.endpoints]


@pytest.fixture
def registry(cluster: PracticeCluster, store: Client) -> Registry:
    return make_registry(server=cluster.server, ca_bundle=cluster.ca, token=cluster.token)


def test_follows_a_service_from_its_first_to_its_last_endpoint(
    cluster: PracticeCluster, store: Client, registry: Registry
) -> None:
    cluster.put_service("shop", "web", ports=[8080], addresses=["10.0.0.1", "10.0.0.2"])
    with watching(registry):
        eventually(lambda: addresses(store, registry, "shop/web") == ["10.0.0.1", "10.0.0.2"])
        cluster.put_service("shop", "web", ports=[8080], addresses=["10.0.0.2", "10.0.0.3"])
        eventually(lambda: addresses(store, registry, "shop/web") == ["10.0.0.2", "10.0.0.3"])
        cluster.put_service("shop", "web", ports=[8080], addresses=[])
        eventually(lambda: addresses(store, registry, "shop/web") == [])
        assert "shop/web" in feed_of(store, registry), "empty is not absent"
        cluster.delete_service("shop", "web")
        eventually(lambda: "shop/web" not in feed_of(store, registry))


def test_says_that_it_is_connected(
    cluster: PracticeCluster, store: Client, registry: Registry
) -> None:
    cluster.put_service("shop", "web", ports=[8080], addresses=["10.0.0.1"])
    registry_id = str(registry.pk)
    with watching(registry):
        eventually(lambda: health.read([registry_id])[registry_id].phase == "connected")
        eventually(lambda: health.read([registry_id])[registry_id].services >= 1)
