"""Keys of others below the root of a tree: which of them stop a real Traefik, and what is said."""

from __future__ import annotations

import pytest

from console.redis import Client
from gateways.drivers.traefik import poison
from gateways.driving.patience import Pace
from tests.gateways.examples import route
from tests.gateways.test_follower import House
from tests.threads import eventually

from .conftest import Make, Serve, Start
from .test_troubles import node, serves

POISON = [
    ("httpfoo", "1"),
    ("http/foo", "1"),
    ("http/routers/mine/priority", "high"),
    ("http/services/mine/loadBalancer/servers/0/weight", "abc"),
    ("tcp/foo/a/b", "1"),
    ("http/services/mine/loadbalancer/passhostheader", "maybe"),
    ("http/services/mine/loadBalancer/healthCheck/port", "http"),
    ("http/services/mine/weighted/services/0/weight", "x"),
    ("http/middlewares/mine/retry/attempts", "often"),
    ("http/middlewares/mine/redirectScheme/permanent", "maybe"),
    ("http/middlewares/mine/rateLimit/average", "x"),
    ("tcpx/routers/a/rule", "x"),
    ("udp/middlewares/a/b", "1"),
    ("tls/foo/a", "1"),
    ("HTTPfoo", "1"),
]
HARMLESS = [
    ("other", "1"),
    ("HTTP/Routers/mine/EntryPoints", "web"),
    ("http/routers/mine/rule", "Host(`mine.test`)"),
    ("http/routers/theirs/priority", ""),
    ("http/routers/mine/priority", "7"),
    ("http/services/mine/loadBalancer/servers/0/url", "http://10.0.0.1"),
    ("http/services/mine/loadBalancer/servers/0/weight", "3"),
    ("http/middlewares/mine/retry/attempts", "3"),
    ("tcp/routers/mine/rule", "HostSNI(`*`)"),
    ("udp/services/mine/loadBalancer/servers/0/address", "10.0.0.1:53"),
    ("tls/options/mine/minVersion", "VersionTLS12"),
    ("tls/certificates/0/certFile", "/nowhere"),
]


@pytest.mark.parametrize(("name", "value"), POISON)
def test_what_stops_traefik_is_told(name: str, value: str) -> None:
    assert poison.why(name, value)


@pytest.mark.parametrize(("name", "value"), HARMLESS)
def test_what_does_not_is_not(name: str, value: str) -> None:
    assert not poison.why(name, value)


@pytest.mark.slow
def test_a_real_traefik_agrees(
    make: Make,
    traefik: Start,
    tree_url: str,
    serve: Serve,
    gateway_store: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateways.drivers.traefik.tree.REMIND_EVERY", 1.0)
    ports = serve("127.0.0.1"), serve("127.0.0.2")
    driver = make()
    driver.start(epoch=1)
    driver.replace({"upstream/u1": node(ports[0]), "route/r1": route()})
    gateway = traefik(redis_url=tree_url)
    eventually(lambda: serves(gateway.proxy, "127.0.0.1"), within=30)
    gateway_store.mset({f"traefik/{name}": value for name, value in HARMLESS})

    def faults() -> int:
        return gateway.log.read_text().count("Provider error")

    def moves(place: int) -> bool:
        driver.touch()  # it hears of nothing while it waits to try again
        return serves(gateway.proxy, f"127.0.0.{place + 1}")

    for number, (name, value) in enumerate([("none", "1"), *POISON[:5]]):
        gateway_store.set(f"traefik/{name}", value)
        place, before = number % 2, faults()
        driver.apply({"upstream/u1": node(ports[place], f"127.0.0.{place + 1}")})
        if number:
            eventually(lambda n=before: faults() > n, within=30)
            assert not moves(place), f"{name} stops it"
        gateway_store.delete(f"traefik/{name}")
        eventually(lambda n=place: moves(n), within=60)  # it tries again by itself


@pytest.mark.django_db(transaction=True)
def test_the_console_names_it_though_nothing_changes(
    store: Client,
    gateway_store: Client,
    gateway_redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateways.drivers.traefik.tree.VERIFY_EVERY", 0.5)
    house = House(
        store, gateway_store, gateway_redis_url, settings={"redis_url": gateway_redis_url}
    )
    house.publish()
    with house.driven(Pace(touch=0.2, tell=0.2)):
        eventually(lambda: house.status.phase == "in_sync")
        key = "traefik/http/routers/theirs/priority"
        gateway_store.set(key, "high")
        eventually(lambda: house.status.refused.keys() == {key})
        assert "Not ours" in house.status.refused[key]
        assert house.status.phase == "in_sync", "what can be written is written"
        gateway_store.delete(key)
        eventually(lambda: not house.status.refused)
