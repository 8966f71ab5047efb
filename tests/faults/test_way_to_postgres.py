"""Everything that can be wrong with the way to PostgreSQL: a row that cannot be read keeps nobody
from publishing what a cluster says."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from django.db import connection

from console.redis import Client
from registries import actions
from registries.models import Registry
from tests.faults.conftest import Play
from tests.faults.scene import PACE, Scene
from tests.faults.troubles import BROKEN, TROUBLES, befall
from tests.relay import Relay, Trouble
from tests.threads import eventually

# Looks at its row all the time; 20 s.
LOOKING = replace(PACE, look=0.1)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_the_feed_is_the_clusters_again(
    play: Play, store: Client, to_postgres: Relay, trouble: str
) -> None:
    with play(store, to_postgres=to_postgres, pace=LOOKING) as scene:

        def meanwhile() -> None:
            time.sleep(0.7)  # it looks at its row at least every half second
            if trouble == "late ends":
                end_sessions()

        for phase in ("idle", "publishing"):
            befall(scene, to_postgres, trouble, phase=phase, meanwhile=meanwhile)
            scene.heals(f"{trouble} while {phase}")
        assert scene.lists() == 0
        assert scene.follower.stood
        assert scene.follower.grew
        edit(scene)
        eventually(lambda: scene.lists() == 1, within=8, what="the row is read again")
        assert scene.worker.epochs == [1]


@pytest.mark.parametrize("trouble", BROKEN)
def test_what_changes_meanwhile_is_published_meanwhile(
    play: Play, store: Client, to_postgres: Relay, trouble: str
) -> None:
    with play(store, to_postgres=to_postgres, pace=LOOKING) as scene:
        to_postgres.be(BROKEN[trouble])
        time.sleep(0.7)
        for _ in range(3):
            scene.move()
            scene.heals(trouble, within=8)
            time.sleep(0.3)
        assert scene.follower.stood


def test_restarted(play: Play, store: Client, to_postgres: Relay) -> None:
    with play(store, to_postgres=to_postgres, pace=LOOKING) as scene:
        for _ in range(3):
            end_sessions()
            to_postgres.be(Trouble(refuse=True))
            scene.move()
            scene.heals("while it is away", within=3)
            to_postgres.clear()
        edit(scene)
        eventually(lambda: scene.lists() == 1, within=8, what="the row is read again")
        assert scene.worker.epochs == [1]
        assert scene.follower.stood


def test_a_worker_that_starts_without_postgres(
    play: Play, store: Client, to_postgres: Relay
) -> None:
    to_postgres.be(Trouble(refuse=True))
    with play(store, to_postgres=to_postgres, quiet=True) as scene:
        scene.move()
        time.sleep(0.3)
        assert not scene.told()
        to_postgres.clear()
        scene.heals("start")


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
