"""Gateways that are driven by an agent, or fetch by themselves: workers watch and touch nothing."""

from __future__ import annotations

import pytest

from console.contract import keys
from console.redis import Client
from gateways import instances
from gateways.driving.patience import Pace
from gateways.driving.watching import WatchingDriver
from gateways.instances import FORGOTTEN_AFTER, Instance
from tests.gateways.examples import route, upstream
from tests.gateways.test_follower import House
from tests.threads import eventually

pytestmark = pytest.mark.django_db(transaction=True)

PACE = Pace(touch=0.3, tell=0.3, report=0.3, audit=0.5)


def say(house: House, **fields: object) -> None:
    values = {"id": "a", "hostname": "edge-1", "by": "agent", "applied": "1-1"} | fields
    instances.report(house.store, house.id, Instance(**values))


@pytest.mark.parametrize("pulled", ["by_agent", "http"])
def test_its_instances_say_how_it_stands(
    store: Client, gateway_store: Client, gateway_redis_url: str, pulled: str
) -> None:
    fields = {"by_agent": True} if pulled == "by_agent" else {"settings": {"provider": "http"}}
    house = House(store, gateway_store, gateway_redis_url, **fields)
    house.commit(
        upstream_u1=upstream(), route_r1=route(), route_r2=route(id="r2", plugins={"odd": {}})
    )
    with house.driven(PACE):
        eventually(lambda: house.status.phase == "unclaimed")
        assert "odd" in house.status.refused["route/r2"]
        assert house.tree.dbsize() == 0
        say(house, lag_ms=12)
        eventually(lambda: house.status.phase == "in_sync")
        assert (house.status.applied, house.status.lag_ms) == ("1-1", 12)
        say(house, refuses="its disk is full")
        eventually(lambda: house.status.phase == "failing")
        assert house.status.reason == "instances"
        assert "edge-1: its disk is full" in house.status.text
        say(house)
        eventually(lambda: house.status.phase == "in_sync")
        house.commit(route_r2=None)
        eventually(lambda: house.status.refused == {})
        assert house.tree.dbsize() == 0
        assert [one.by for one in instances.read(store, [house.id])[house.id]] == ["agent"]


def test_who_was_not_seen_for_a_week_is_forgotten(
    store: Client, gateway_store: Client, gateway_redis_url: str
) -> None:
    import msgspec

    house = House(store, gateway_store, gateway_redis_url)
    old = Instance(id="old", hostname="old", seen_at=1_700_000_000_000 - FORGOTTEN_AFTER)
    store.hset(keys.instances(keys.gateway(house.id)), "old", msgspec.json.encode(old))
    say(house)
    with house.driven(PACE):
        eventually(lambda: [one.id for one in instances.read(store, [house.id])[house.id]] == ["a"])


def test_settings_that_are_the_agents_own_are_no_failure() -> None:
    driver = WatchingDriver("traefik", {"nonsense": 1})
    driver.start()
    done = driver.replace({"route/r1": route(), "route/r2": route(id="r2", plugins={"odd": {}})})
    assert done.refused == {}
    assert driver.describe()["resources"] == 2
    driver.apply({"route/r1": None})
    assert driver.describe()["resources"] == 1
