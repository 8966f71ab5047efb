"""A real Traefik is asked what it has: its instance, its lags, and what it serves otherwise."""

from __future__ import annotations

import time

import pytest

from console.contract import wire
from console.contract.wire import Node, Resource
from console.redis import Client
from gateways import instances
from gateways.driving.patience import Pace
from tests.gateways.conftest import Proxy, proxy
from tests.gateways.examples import route, upstream
from tests.gateways.test_follower import House
from tests.threads import eventually

__all__ = ["proxy"]

pytestmark = pytest.mark.django_db(transaction=True)

PACE = Pace(touch=0.3, tell=0.5, retry=(0.2,), seldom=0.2, report=0.5, audit=0.5)
URL = "traefik/http/services/u1-portolan/loadBalancer/servers/{}/url"


@pytest.fixture
def house(store: Client, gateway_store: Client, gateway_redis_url: str, proxy: Proxy) -> House:
    told = {"redis_url": gateway_redis_url, "api_url": proxy.api_url}
    return House(store, gateway_store, gateway_redis_url, settings=told)


def nodes(*hosts: str) -> tuple[Node, ...]:
    return tuple(Node(host=one, port=8080) for one in hosts)


def now() -> int:
    return int(time.time() * 1000)


def test_reports_who_runs_and_how_far_it_is(house: House) -> None:
    house.publish()
    with house.driven(PACE):
        eventually(lambda: bool(found(house)), within=15)
        one = found(house)[0]
        assert (one.by, one.applied, one.refuses) == ("driver", "1-1", "")
        assert one.version
        house.publish()
        eventually(lambda: found(house)[0].applied == "1-2", within=15)
        assert found(house)[0].registered_at == one.registered_at


def test_lags_end_when_the_gateway_has_the_change(house: House) -> None:
    house.publish()
    with house.driven(PACE):
        eventually(lambda: house.status.phase == "in_sync")
        for number in range(3):
            house.commit(upstream_u1=upstream(nodes=nodes(f"10.7.0.{number}"), observed_at=now()))
            eventually(lambda n=number: sum(counts(house)) == n + 1, within=15)
        assert 0 < house.status.lag_ms < 15_000
        # The age of what was read before is no lag: somebody edits the upstream.
        observed = now() - 1
        house.commit(upstream_u1=upstream(nodes=nodes("10.7.0.9"), observed_at=observed))
        eventually(lambda: sum(counts(house)) == 4, within=15)
        time.sleep(1.5)
        house.commit(upstream_u1=upstream(nodes=nodes("10.7.0.9"), observed_at=observed, retries=3))
        eventually(lambda: house.status.applied == "1-6", within=15)
        time.sleep(1.2)
        assert sum(counts(house)) == 4


def test_what_is_served_otherwise_is_named_and_healed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gateways.driving import given

    monkeypatch.setattr(given, "SETTLE", 0.5)
    house.publish()
    with house.driven(PACE):
        eventually(lambda: house.status.audited_at > 0 and not house.status.differences, within=20)
        # Somebody else writes into our part of the tree; the driver looks for that twice a minute.
        house.tree.set(URL.format(0), "http://10.66.0.1:80")
        house.tree.hset("traefik/~portolan", "x", "1")
        eventually(lambda: "10.66.0.1:80" in str(house.status.differences), within=20)
        assert "missing 10.0.0.1:8080" in house.status.differences["upstream/u1"]
        eventually(lambda: house.tree.get(URL.format(0)) == b"http://10.0.0.1:8080", within=20)
        eventually(lambda: not house.status.differences, within=20)
        assert house.status.healed == 1


@pytest.mark.slow
def test_of_many_resources_each_is_compared(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from gateways.driving import given, rounds

    monkeypatch.setattr(given, "SETTLE", 0.5)
    monkeypatch.setattr(rounds, "RATE", 400.0)
    many: dict[str, Resource] = {f"upstream/u{n}": upstream(id=f"u{n}") for n in range(120)}
    many |= {f"route/r{n}": route(id=f"r{n}", hosts=(f"s{n}.org",)) for n in range(120)}
    assert len(many) > rounds.FEW
    house.writer.commit({key: wire.encode(one) for key, one in many.items()}, always=True)
    with house.driven(PACE):
        eventually(lambda: house.status.audited_at > 0 and not house.status.differences, within=60)
        house.tree.set(URL.format(0).replace("u1-", "u99-"), "http://10.66.0.1:80")
        house.tree.hset("traefik/~portolan", "x", "1")
        eventually(lambda: "10.66.0.1:80" in str(house.status.differences), within=60)
        assert house.status.differences.keys() == {"upstream/u99"}
        eventually(lambda: not house.status.differences, within=60)
        assert house.status.healed == 1


def test_a_gateway_that_is_not_asked_is_driven_all_the_same(
    store: Client, gateway_store: Client, gateway_redis_url: str
) -> None:
    told = {"redis_url": gateway_redis_url, "api_url": "http://127.0.0.1:1"}
    house = House(store, gateway_store, gateway_redis_url, settings=told)
    house.publish()
    with house.driven(PACE):
        eventually(lambda: house.status.phase == "in_sync")
        house.commit(upstream_u1=upstream(nodes=nodes("10.7.0.1"), observed_at=now()))
        eventually(lambda: house.tree.get(URL.format(0)) == b"http://10.7.0.1:8080")
        assert found(house) == []


def found(house: House) -> list[instances.Instance]:
    return instances.read(house.store, [house.id])[house.id]


def counts(house: House) -> tuple[int, ...]:
    return found(house)[0].lag_counts if found(house) else ()
