"""Reading everything anew because somebody asked: at once, once, and without harm."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import ValidationError

from console.models import AuditEntry
from practice.testing import PracticeCluster
from registries import actions
from registries.models import Registry
from tests.registries.parts import read_slice
from tests.registries.reflecting import TIMING, Running, reflecting
from tests.registries.watched import PACE, Published, registry_of, watching
from tests.threads import eventually

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from console.redis import Client

WEB = "shop/web"


@pytest.fixture
def shop(cluster: PracticeCluster) -> PracticeCluster:
    cluster.put_service("shop", "web", addresses=["10.0.0.1", "10.0.0.2"])
    return cluster


def ask(running: Running, number: int = 1) -> None:
    """Ask as the watcher does: until the verdict is there."""

    def met() -> bool:
        running.reflector.recheck.ask(number)
        return running.reflector.recheck.verdict.number == number

    eventually(met, within=8)


def test_what_holds_is_read_once_and_stays(shop: PracticeCluster) -> None:
    with reflecting(shop) as running:
        eventually(lambda: running.of(WEB) == ["10.0.0.1", "10.0.0.2"])
        eventually(lambda: shop.open_watches() == 1)
        before = running.lists()
        ask(running)
        assert running.lists() == before + 1
        assert running.reflector.recheck.verdict.different == 0
        assert running.seen.fewest[WEB] == 2
        eventually(lambda: shop.open_watches() == 1)
        assert running.seen.failures == []
        shop.put_service("shop", "web", addresses=["10.0.0.3"])
        eventually(lambda: running.of(WEB) == ["10.0.0.3"])
        ask(running, 1)
        assert running.lists() == before + 1, "an old request is met already"


def test_a_drift_is_found_told_and_healed(shop: PracticeCluster) -> None:
    with reflecting(shop) as running:
        eventually(lambda: running.of(WEB) == ["10.0.0.1", "10.0.0.2"])
        slice_ = shop.list("endpointslices", "shop")[0]["metadata"]["name"]
        running.seen.store.drop("shop", slice_)
        ask(running)
        assert running.reflector.recheck.verdict.different == 1
        eventually(lambda: running.of(WEB) == ["10.0.0.1", "10.0.0.2"])


def test_a_failing_list_is_told_and_costs_nothing(shop: PracticeCluster) -> None:
    with reflecting(shop) as running:
        eventually(lambda: running.of(WEB) == ["10.0.0.1", "10.0.0.2"])
        shop.fault("status", verb="list", code=500)
        ask(running)
        assert "500" in running.reflector.recheck.verdict.error
        assert running.reflector.recheck.verdict.reason == "server_error"
        assert running.seen.failures == [], "the watch does not depend on it"
        shop.put_service("shop", "web", addresses=["10.0.0.3"])
        eventually(lambda: running.of(WEB) == ["10.0.0.3"])
        assert running.seen.fewest[WEB] == 1
        shop.clear_faults()
        ask(running, 2)
        assert running.reflector.recheck.verdict.error == ""


def test_a_forgotten_version_is_an_ordinary_list(shop: PracticeCluster) -> None:
    with reflecting(shop) as running:
        eventually(lambda: running.of(WEB) == ["10.0.0.1", "10.0.0.2"])
        shop.fault("status", verb="list", code=410, reason="Expired", count=1)
        ask(running)
        eventually(lambda: running.status.lists == 2)
        assert running.seen.failures == []
        assert running.of(WEB) == ["10.0.0.1", "10.0.0.2"]


def test_a_bare_list_is_read_twice_before_it_counts(shop: PracticeCluster) -> None:
    with reflecting(shop, guarded=True) as running:
        eventually(lambda: running.of(WEB) == ["10.0.0.1", "10.0.0.2"])
        # As if the events of their end had been lost.
        for number in range(12):
            endpoints = [{"addresses": [f"10.0.9.{number}"]}]
            ghost = read_slice(metadata={"name": f"ghost-{number}"}, endpoints=endpoints)
            assert ghost is not None
            running.seen.store.put(ghost)
        before = running.lists()
        ask(running)
        assert running.lists() == before + 2
        assert running.seen.failures == ["mass_deletion"]
        assert running.reflector.recheck.verdict.different == 12
        assert running.seen.store.size == 1


@pytest.mark.django_db(transaction=True)
def test_the_watcher_meets_a_request_and_says_so(
    shop: PracticeCluster, store: Client, ada: User
) -> None:
    registry = registry_of(shop)
    published = Published(store, registry)
    with watching(registry):
        eventually(lambda: published.status.phase == "connected" and published.seq > 0)
        eventually(lambda: shop.open_watches() == 1)
        lists, seq = len(shop.requests("list", "endpointslices")), published.seq
        asked = actions.resync_registry(registry=registry, actor=ada)
        eventually(lambda: published.status.resync == asked.resync, within=8)
        status = published.status
        assert (status.resync_different, status.resync_error) == (0, "")
        assert status.resync_at >= asked.resync
        assert len(shop.requests("list", "endpointslices")) == lists + 1
        assert published.seq == seq, "nothing changed, nothing is written"
    entry = AuditEntry.objects.filter(object_id=str(registry.pk)).first()
    assert entry is not None
    assert (entry.actor_name, entry.verb) == ("ada", "changed")
    assert list(entry.after or {}) == ["resync_asked_at"]


@pytest.mark.django_db(transaction=True)
def test_who_cannot_read_begins_anew_at_once(
    shop: PracticeCluster, store: Client, ada: User
) -> None:
    """The cluster is mended; nobody has to wait for the end of a long pause."""
    registry = registry_of(shop)
    published = Published(store, registry)
    patient = replace(PACE, reading=replace(TIMING, confirm_after=60))
    with watching(registry, pace=patient):
        eventually(lambda: published.of(WEB) == ["10.0.0.1", "10.0.0.2"])
        shop.fault("status", verb="*", resource="endpointslices", code=403)
        shop.fault("drop-watches")
        eventually(lambda: published.status.phase == "failing", within=20)
        assert published.of(WEB) == ["10.0.0.1", "10.0.0.2"]
        actions.resync_registry(registry=registry, actor=ada)
        shop.clear_faults()
        asked = actions.resync_registry(registry=registry, actor=ada)
        eventually(lambda: published.status.resync == asked.resync, within=10)
        assert published.status.phase == "connected"
        # Nothing to compare with, or the first request met the mended cluster already.
        assert not published.status.resync_different
        assert published.of(WEB) == ["10.0.0.1", "10.0.0.2"]


@pytest.mark.django_db
def test_a_paused_registry_is_not_read(ada: User, cluster: PracticeCluster) -> None:
    registry = registry_of(cluster, enabled=False)
    with pytest.raises(ValidationError, match="paused"):
        actions.resync_registry(registry=registry, actor=ada)


@pytest.mark.django_db
def test_saving_a_form_that_was_open_meanwhile_forgets_no_request(
    ada: User, cluster: PracticeCluster
) -> None:
    registry = registry_of(cluster)
    asked = actions.resync_registry(registry=registry, actor=ada)
    registry.description = "typed before"
    actions.change_registry(registry=registry, actor=ada, verify=False)
    assert Registry.objects.get(pk=registry.pk).resync == asked.resync
