"""Everything that can be wrong with the way to PostgreSQL: a row that cannot be read keeps nobody
from publishing what a cluster says."""

from __future__ import annotations

import time

import pytest
from django.db import connection

from console import wakeups
from console.contract import keys
from console.redis import Client
from registries import actions
from registries.models import Registry
from tests.faults.conftest import Play
from tests.faults.scene import Scene
from tests.faults.troubles import TROUBLES
from tests.relay import Relay, Trouble
from tests.threads import eventually

pytestmark = pytest.mark.slow

# To make a connection may take 2 s here, and the next attempt comes 1 s later.
NOTICED = 20.0


@pytest.mark.parametrize("trouble", TROUBLES)
def test_it_keeps_nothing_from_being_published(
    play: Play, store: Client, to_postgres: Relay, trouble: str
) -> None:
    """There is one phase only: nobody keeps a connection between two looks at his row."""
    with play(store) as scene:
        to_postgres.be(TROUBLES[trouble])
        look(scene)
        if trouble == "late ends":
            end_sessions()
        for _ in range(2):
            scene.burst()
            scene.heals(trouble)
        to_postgres.clear()
        assert scene.lists() == 0
        edit(scene)
        eventually(lambda: scene.lists() == 1, within=NOTICED, what="the row is read again")
        scene.heals("read again")
        assert scene.follower.stood
        assert scene.follower.grew
        assert scene.worker.epochs == [1]


def test_restarted(play: Play, store: Client, to_postgres: Relay) -> None:
    with play(store) as scene:
        for _ in range(3):
            end_sessions()
            to_postgres.be(Trouble(refuse=True))
            look(scene)
            scene.move()
            scene.heals("while it is away")
            to_postgres.clear()
        edit(scene)
        eventually(lambda: scene.lists() == 1, within=NOTICED, what="the row is read again")
        assert scene.worker.epochs == [1]
        assert scene.follower.stood


def test_a_worker_that_starts_without_postgres(
    play: Play, store: Client, to_postgres: Relay
) -> None:
    to_postgres.be(Trouble(refuse=True))
    with play(store, quiet=True) as scene:
        scene.move()
        time.sleep(0.3)
        assert not scene.told()
        to_postgres.clear()
        scene.heals("start")


def look(scene: Scene) -> None:
    """Have the workers look at the registry's row."""
    wakeups.ring(keys.registry(str(scene.registry.pk)))
    time.sleep(0.2)


def edit(scene: Scene) -> None:
    registry = Registry.objects.get(pk=scene.registry.pk)
    registry.description = "edited"
    actions.change_registry(registry=registry, actor=None, verify=False)


def end_sessions() -> None:
    """What a restart does to everybody but us."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
