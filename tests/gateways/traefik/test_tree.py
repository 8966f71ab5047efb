"""The tree in a real Valkey: one event a change, one writer, names that stay, nothing foreign in
our part of it."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from console import redis
from console.contract.wire import Node, Upstream
from console.redis import Client
from gateways.drivers.base import DriverError
from gateways.drivers.traefik.driver import TraefikDriver
from gateways.drivers.traefik.tree import (
    HEAL_AFTER,
    REMIND_EVERY,
    TICK,
    Tree,
)
from tests.gateways.examples import route, upstream
from tests.relay import Trouble, relay_to

from .conftest import Make
from .decoder import decode

RESOURCES = {"upstream/u1": upstream(), "route/r1": route()}
WEIGHT = "traefik/http/services/u1-portolan/loadBalancer/servers/{}/weight"
URL = "traefik/http/services/u1-portolan/loadBalancer/servers/{}/url"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def driver(gateway_store: Client, clock: Clock) -> TraefikDriver:
    tree = Tree(gateway_store, "traefik", clock=clock)
    made = TraefikDriver(tree, entry_points=["web"], sleep=lambda _seconds: None)
    made.start(epoch=5)
    return made


@pytest.fixture(params=["Kh", "Kgxe"])
def flags(request: pytest.FixtureRequest, gateway_store: Client) -> Iterator[str]:
    held = gateway_store.config_get("notify-keyspace-events")["notify-keyspace-events"]
    gateway_store.config_set("notify-keyspace-events", request.param)
    yield request.param
    gateway_store.config_set("notify-keyspace-events", held)


@pytest.fixture
def heard(gateway_store: Client) -> Iterator[Callable[[], list[bytes]]]:
    """The events that a Traefik would have heard since the last call."""
    listener = gateway_store.pubsub()
    listener.psubscribe("__keyspace*:traefik*")
    listener.get_message(timeout=5)  # the subscription itself

    def since() -> list[bytes]:
        found = []
        while message := listener.get_message(timeout=0.3):
            found.append(message["data"])
        return found

    yield since
    listener.close()


def nodes(*numbers: int, **fields: Any) -> Upstream:
    return upstream(nodes=tuple(Node(host=f"10.0.0.{one}", port=80) for one in numbers), **fields)


def read(store: Client) -> dict[str, str]:
    """As Traefik reads: names first, then values."""
    found = list(store.scan_iter(match="traefik*", count=10))
    values = store.mget(found) if found else []
    return {k.decode(): (v or b"").decode() for k, v in zip(found, values, strict=True)}


def urls(store: Client) -> list[str]:
    services = decode(read(store))["http"]["services"]
    return sorted(
        one["url"] for one in services["u1-portolan"].get("loadBalancer", {}).get("servers", [])
    )


def test_a_change_of_any_size_is_one_event(
    flags: str, gateway_store: Client, clock: Clock, heard: Callable[[], list[bytes]]
) -> None:
    driver = TraefikDriver(Tree(gateway_store, "traefik", clock=clock), entry_points=[])
    driver.start(epoch=1)
    heard()
    driver.replace({f"upstream/u{n}": nodes(1, 2, id=f"u{n}") for n in range(500)})
    assert len(heard()) == 1
    driver.apply({f"upstream/u{n}": nodes(3, id=f"u{n}") for n in range(250)})
    assert len(heard()) == 1
    driver.apply({f"upstream/u{n}": None for n in range(500)})
    assert len(heard()) == 1, "nothing is removed yet"
    clock.now += HEAL_AFTER
    driver.touch()
    if flags == "Kh":
        assert len(heard()) == 1
        assert not [
            key for key, value in read(gateway_store).items() if not value and "http" in key
        ]
    else:
        assert len(heard()) <= 22, "a few at a time, where each is an event"


def test_a_server_that_tells_nothing_of_its_events_gets_both_kinds(
    flags: str, gateway_store: Client, gateway_redis_url: str, heard: Callable[[], list[bytes]]
) -> None:
    gateway_store.execute_command(
        *["ACL", "SETUSER", "guarded", "on", ">pw", "~traefik/*", "+@all", "-@admin", "-@dangerous"]
    )
    client = redis.connect(gateway_redis_url.replace("redis://", "redis://guarded:pw@"))
    try:
        driver = TraefikDriver(Tree(client, "traefik"), entry_points=[])
        driver.start()
        heard()
        driver.replace(RESOURCES)
        assert heard() == [b"hset" if flags == "Kh" else b"expire"]
    finally:
        client.close()
        gateway_store.execute_command("ACL", "DELUSER", "guarded")


def test_an_older_driver_is_shut_out(driver: TraefikDriver, gateway_store: Client) -> None:
    driver.replace(RESOURCES)
    newer = TraefikDriver(Tree(gateway_store, "traefik"), entry_points=["web"])
    newer.start(epoch=6)
    for deed in (
        lambda: driver.apply({"upstream/u1": nodes(9)}),
        lambda: driver.touch(),
        lambda: driver.start(epoch=5),
    ):
        with pytest.raises(DriverError, match="epoch 6") as caught:
            deed()
        assert caught.value.code == "fenced"
        assert vars(caught.value)["epoch"] == 6
    assert "10.0.0.9" not in "".join(urls(gateway_store))
    assert newer.replace(RESOURCES).written == 0, "it took over what it found"
    newer.apply({"upstream/u1": nodes(9)})
    assert urls(gateway_store) == ["http://10.0.0.9:80"]


def test_nodes_that_stay_keep_their_slots_over_a_restart(
    driver: TraefikDriver, gateway_store: Client
) -> None:
    driver.replace(RESOURCES | {"upstream/u1": nodes(1, 2, 3)})
    driver.apply({"upstream/u1": nodes(2, 3)})
    assert gateway_store.get(URL.format(0)) == b"", "emptied, not removed"
    assert urls(gateway_store) == ["http://10.0.0.2:80", "http://10.0.0.3:80"]
    again = TraefikDriver(Tree(gateway_store, "traefik"), entry_points=["web"])
    again.start(epoch=6)
    assert again.replace(RESOURCES | {"upstream/u1": nodes(2, 3)}).written == 0
    again.apply({"upstream/u1": nodes(2, 3, 4)})
    assert [gateway_store.get(URL.format(n)) for n in range(3)] == [
        b"http://10.0.0.4:80",
        b"http://10.0.0.2:80",
        b"http://10.0.0.3:80",
    ]


def test_weights_come_and_go(driver: TraefikDriver, gateway_store: Client) -> None:
    driver.replace(RESOURCES)
    assert gateway_store.get(WEIGHT.format(1)) is None
    heavy = (Node(host="10.0.0.1", port=80, weight=50), Node(host="10.0.0.2", port=80, weight=100))
    driver.apply({"upstream/u1": upstream(nodes=heavy)})
    assert gateway_store.get(WEIGHT.format(1)) == b"2"
    driver.apply({"upstream/u1": upstream()})
    assert not gateway_store.get(WEIGHT.format(1))


def test_a_commit_is_reminded_of_once_it_cannot_be_read_torn_any_more(
    driver: TraefikDriver, clock: Clock, heard: Callable[[], list[bytes]]
) -> None:
    driver.replace(RESOURCES)
    heard()
    driver.touch()
    clock.now += HEAL_AFTER - 0.1
    driver.touch()
    assert heard() == []
    clock.now += 0.2
    driver.touch()
    assert len(heard()) == 1
    clock.now += HEAL_AFTER
    driver.touch()
    assert heard() == [], "once"
    clock.now += REMIND_EVERY
    driver.touch()
    assert len(heard()) == 1, "and now and then, as events get lost"


def test_traefik_is_said_to_be_busy_with_what_was_written(driver: TraefikDriver) -> None:
    assert driver.replace(RESOURCES).rest > 0
    assert driver.apply(RESOURCES).rest == 0


def test_an_emptied_tree_is_not_written_into_but_begun_anew(
    driver: TraefikDriver, gateway_store: Client
) -> None:
    driver.replace(RESOURCES)
    gateway_store.flushdb()
    with pytest.raises(DriverError, match="emptied") as caught:
        driver.apply({"upstream/u1": nodes(9)})
    assert caught.value.code == "emptied"
    assert read(gateway_store) == {}, "a half of it would be served"
    driver.start(epoch=5)
    driver.replace(RESOURCES)
    assert len(urls(gateway_store)) == 2


def test_a_lost_answer_is_found_out(
    gateway_redis_url: str, gateway_store: Client, secret: str
) -> None:
    from gateways.drivers.traefik.settings import with_password

    with relay_to(with_password(gateway_redis_url, secret)) as (relay, url):
        client = redis.connect(url)
        driver = TraefikDriver(Tree(client, "traefik"), entry_points=["web"])
        driver.start(epoch=1)
        driver.replace(RESOURCES)
        relay.be(Trouble(cut_at=0))
        with pytest.raises(DriverError) as caught:
            driver.apply({"upstream/u1": nodes(9)})
        assert caught.value.code == "unreachable"
        relay.clear()
        driver.start(epoch=1)
        assert driver.replace(RESOURCES | {"upstream/u1": nodes(9)}).written == 0
        client.close()
    assert urls(gateway_store) == ["http://10.0.0.9:80"]


def test_an_edit_that_cannot_be_expressed_leaves_the_last_good_form(
    driver: TraefikDriver, gateway_store: Client, make: Make
) -> None:
    driver.replace(RESOURCES)
    before = decode(read(gateway_store))
    odd = {
        "route/r1": route(plugins={"limit-req": {}}),
        "upstream/u1": upstream(balance="oracle"),
        "route/r2": route(id="r2", plugins={"limit-req": {}}),
    }
    done = driver.apply(odd)
    assert done.refused.keys() == odd.keys()
    assert decode(read(gateway_store)) == before
    again = make()
    again.start(epoch=9)
    assert again.replace(odd).refused.keys() == odd.keys()
    assert decode(read(gateway_store)) == before, "also by a driver that never saw it"
    assert again.apply({"route/r1": route(methods=("GET",))}).refused.keys() == {
        "upstream/u1",
        "route/r2",
    }
    after = decode(read(gateway_store))["http"]["routers"]
    assert "Method" in after["r1-portolan"]["rule"]
    again.apply(dict.fromkeys(odd))
    assert "r1-portolan" not in decode(read(gateway_store))["http"].get("routers", {})


def test_no_reading_has_a_route_without_what_it_refers_to(gateway_store: Client) -> None:
    """A reader as Traefik's beside a writer: a reading in many steps, of which any may fall
    between the writer's."""
    chance = random.Random(7)  # noqa: S311 - reproducible
    driver = TraefikDriver(Tree(gateway_store, "traefik"), entry_points=["web"])
    driver.start(epoch=1)
    filler = {f"upstream/f{n}": nodes(1, 2, id=f"f{n}") for n in range(300)}
    state: dict[str, Any] = {"upstream/u0": nodes(1, id="u0"), "route/r1": route(upstream="u0")}
    driver.replace(filler | state)
    over = threading.Event()
    wrong: list[str] = []
    readings = [0]

    def follow() -> None:
        while not over.is_set():
            http = decode(read(gateway_store))["http"]
            readings[0] += 1
            for name, one in http.get("routers", {}).items():
                if one["service"] not in http["services"]:
                    wrong.append(f"{name} → {one['service']}")
                for middleware in one.get("middlewares", ()):
                    if middleware not in http.get("middlewares", {}):
                        wrong.append(f"{name} → {middleware}")

    reader = threading.Thread(target=follow)
    reader.start()
    try:
        for number in range(1, 12):
            strip = {"strip_prefix": "/cart"} if chance.random() < 0.5 else {}
            added = nodes(*chance.sample(range(1, 9), 3), id=f"u{number}")
            moved = route(upstream=f"u{number}", **strip)
            driver.apply({f"upstream/u{number}": added, "route/r1": moved})
            driver.apply({f"upstream/u{number - 1}": None})
    finally:
        over.set()
        reader.join()
    assert not wrong
    assert readings[0] > 11
    final = decode(read(gateway_store))["http"]
    assert final["routers"]["r1-portolan"]["service"] == "u11-portolan"
    assert TICK == "~portolan"
