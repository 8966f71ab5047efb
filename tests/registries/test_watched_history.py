"""The history that a whole watcher leaves: what a person would tell, and no more."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from console.redis import Client
from practice.testing import PracticeCluster
from registries import actions
from registries.models import Registry, Transition
from tests.factories import make_registry
from tests.registries.watched import Published, registry_of, watching
from tests.threads import eventually

pytestmark = pytest.mark.django_db(transaction=True)


def steps(registry: Registry) -> list[tuple[str, str]]:
    return list(registry.transitions.order_by("id").values_list("phase", "reason"))


def test_events_and_takeovers_leave_no_row_and_a_refused_token_one(
    cluster: PracticeCluster, store: Client
) -> None:
    cluster.put_service("shop", "web", addresses=["10.0.0.1"])
    registry = registry_of(cluster)
    published = Published(store, registry)
    with watching(registry):
        eventually(lambda: steps(registry) == [("connected", "")])
        for number in range(2, 12):
            cluster.put_service("shop", "web", addresses=[f"10.0.0.{number}"])
            eventually(lambda wanted=f"10.0.0.{number}": published.of("shop/web") == [wanted])
    with watching(registry):
        eventually(lambda: cluster.open_watches() == 1)
        eventually(lambda: published.status.phase == "connected")
        cluster.fault("revoke")
        cluster.fault("drop-watches", how="clean")
        eventually(lambda: ("failing", "unauthorized") in steps(registry))
        cluster.clear_faults()
        eventually(lambda: steps(registry)[-1] == ("connected", ""), within=10)
    found = steps(registry)
    assert found[0] == ("connected", "")
    assert found.count(("failing", "unauthorized")) == 1
    assert found.count(("connected", "")) == 2


def test_a_registry_is_deleted_though_its_history_is_written_meanwhile() -> None:
    registry = make_registry()
    refused: list[str] = []

    def write() -> None:
        try:
            row = Transition(registry_id=registry.pk, at=timezone.now(), phase="connected")
            row.save(force_insert=True)
        except IntegrityError as error:
            refused.append(str(error))
        finally:
            connection.close()

    writer = threading.Thread(target=write)

    def before(execute: Any, sql: str, *rest: Any) -> Any:
        """Just after its history was deleted, and before it is."""
        if sql.startswith('DELETE FROM "registries_registry"'):
            writer.start()
            writer.join(0.5)
        return execute(sql, *rest)

    with connection.execute_wrapper(before):
        actions.delete_registry(registry=registry, actor=None)
    writer.join(10)
    assert not Registry.objects.exists()
    assert not Transition.objects.exists()
    assert len(refused) == 1, "it found the registry gone"
