"""What a reader tells of some resources of a great gateway, and what that costs the gateway."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from console.contract import keys
from console.contract.wire import Upstream
from gateways.drivers.apisix.reader import ApisixReader
from gateways.drivers.apisix.settings import Settings
from gateways.drivers.base import DriverError, NotAsked

from . import worlds
from .conftest import server_of
from .target import Target, filled

SLOW = 0.06  # seconds


@dataclass
class Clock:
    ahead: float = 0.0
    step: float = 0.0  # by which it jumps at each look

    def __call__(self) -> float:
        self.ahead += self.step
        return time.monotonic() + self.ahead


def reader_of(
    target: Target, clock: Callable[[], float] = time.monotonic, **more: Any
) -> ApisixReader:
    return ApisixReader(Settings(**target.settings | more), target.secret, clock=clock)


def one(number: int = 0, **fields: Any) -> Upstream:
    (found,) = worlds.upstream(number, **fields).values()
    assert isinstance(found, Upstream)
    return found


def asked(target: Target) -> list[str]:
    """Of the Control API."""
    found = [path for _method, path in server_of(target).requests if path.startswith("/v1/")]
    server_of(target).requests.clear()
    return found


def test_what_cannot_be_said_is_not_there(admin: Target) -> None:
    reader = reader_of(admin)
    odd = worlds.route(0, plugins={"redirect": ["/x"]}, redirect_https=True)
    served = reader.served_of(odd | worlds.upstream(0, balance="oracle"))
    assert served is not None
    assert (served.upstreams, served.routes) == ({}, frozenset())


@pytest.mark.parametrize("control", [True, False], ids=["control", "admin"])
def test_some_resources_are_told(admin: Target, control: bool) -> None:
    filled(admin.started(), worlds.shops(9))
    reader = reader_of(admin, **({} if control else {"control_url": ""}))
    some = worlds.upstream(7) | worlds.route(8) | worlds.upstream(99) | worlds.route(99)
    served = reader.served_of(some)
    assert served is not None
    assert served.upstreams == {keys.upstream("u7"): ("10.0.7.1:8080", "10.0.7.2:8080")}
    assert served.routes == {keys.route("r8")}
    lists = [path for _method, path in server_of(admin).requests[-12:] if path.endswith("s")]
    assert lists == []


def test_a_worker_that_hears_of_no_change_is_seen(admin: Target) -> None:
    """etcd, and so the Admin API, has what it uses no more."""
    driver = admin.started()
    filled(driver, worlds.shops(2))
    server_of(admin).deafen()
    world = worlds.upstream(0, nodes=5) | worlds.route(0) | worlds.upstream(2) | worlds.route(2)
    driver.apply(world)
    reader = reader_of(admin)
    served = reader.served_of(world)
    assert served is not None
    assert served.upstreams == {keys.upstream("u0"): ("10.0.0.1:8080", "10.0.0.2:8080")}
    assert served.routes == {keys.route("r0")}
    # It is asked for these however slowly it answers, until they are right.
    server_of(admin).copies = SLOW
    for _ in range(2):
        assert reader.served_of(world) == served


def test_what_was_doubted_and_went_makes_room_for_others(admin: Target) -> None:
    """Of those that are asked for whatever it takes there are a few at a time."""
    driver, clock = admin.started(), Clock()
    filled(driver, worlds.shops(16))
    server_of(admin).deafen()
    ups = [worlds.upstream(number, nodes=5) for number in range(16)]
    for up in ups:
        driver.apply(up)
    reader = reader_of(admin, clock)
    for up in ups[:8]:
        reader.served_of(up)
    gone = [{keys.upstream(f"u{n}"): None, keys.route(f"r{n}"): None} for n in range(8)]
    for change in gone:
        driver.apply(change)
    for up in ups:
        reader.served_of(up)
    server_of(admin).copies = SLOW
    for _ in range(3):
        reader.confirms(one())
    asked(admin)
    reader.served_of(ups[15])
    assert len(asked(admin)) == 1, "it rests, but this one is doubted"


def test_a_control_api_is_asked_for_as_much_as_it_bears(admin: Target) -> None:
    clock = Clock()
    filled(admin.started(), worlds.shops(30))
    reader = reader_of(admin, clock)
    asked(admin)
    reader.served_of(worlds.shops(4))
    assert len(asked(admin)) == 8  # all of it, as it answers quickly
    server_of(admin).copies = SLOW
    clock.ahead += 10
    reader.served_of(worlds.shops(30))
    assert 1 <= len(asked(admin)) <= 4
    reader.served_of(worlds.shops(30))
    assert asked(admin) == []
    clock.ahead += 61
    reader.served_of(worlds.shops(30))
    assert len(asked(admin)) == 1


def test_changes_are_confirmed_elsewhere_for_a_minute(admin: Target) -> None:
    clock = Clock()
    filled(admin.started(), worlds.shops(1))
    reader = reader_of(admin, clock)
    server_of(admin).copies = SLOW
    asked(admin)
    for _ in range(5):
        assert reader.confirms(one()) is True
    assert len(asked(admin)) == 3
    server_of(admin).copies = 0
    clock.ahead += 61
    for _ in range(5):
        assert reader.confirms(one()) is True
    assert len(asked(admin)) == 5


def test_one_answer_that_hangs_is_enough(admin: Target) -> None:
    clock = Clock()
    filled(admin.started(), worlds.shops(1))
    reader = reader_of(admin, clock)
    clock.step = 2
    reader.confirms(one())
    clock.step = 0
    asked(admin)
    assert reader.confirms(one()) is True
    assert asked(admin) == []


def test_no_answer_in_time_counts_too(admin: Target) -> None:
    clock = Clock()
    filled(admin.started(), worlds.shops(1))
    reader = reader_of(admin, clock, control_url="http://127.0.0.1:1")
    clock.step = 11
    with pytest.raises(DriverError):
        reader.confirms(one())
    clock.step = 0
    assert reader.confirms(one()) is True


def test_who_can_be_asked_nowhere_else_is_asked_however_slow(standalone: Target) -> None:
    """Otherwise a change would count as arrived when it was sent. A fifth of the time, though."""
    clock = Clock()
    filled(standalone.started(), worlds.shops(1))
    reader = reader_of(standalone, clock)
    server_of(standalone).copies = SLOW
    assert [reader.confirms(one()) for _ in range(3)] == [True, True, True]
    with pytest.raises(NotAsked):  # which is no denial
        [reader.confirms(one()) for _ in range(6)]
    clock.ahead += 1
    assert reader.confirms(one()) is True


def test_a_reader_confirms_nodes(admin: Target, standalone: Target) -> None:
    for target in (admin, standalone):
        target.started().replace(worlds.shops(1))
        reader = reader_of(target)
        assert reader.confirms(one()) is True
        assert reader.confirms(one(nodes=3)) is False
        assert reader.confirms(one(7)) is False


def test_whether_it_answers_is_asked_without_copying(admin: Target) -> None:
    asked(admin)
    assert reader_of(admin).processes()
    assert asked(admin) == ["/v1/healthcheck/upstreams/-"]


# -- nodes that the discovery module follows

NODES = [
    {"host": "10.0.0.1", "port": 8080, "weight": 1},
    {"host": "10.0.0.9", "domain": "node.test", "port": 80, "weight": 1},
]
TOLD = ("10.0.0.1:8080", "node.test:80")


def test_the_discovery_module_is_asked_for_nodes(admin: Target) -> None:
    filled(admin.started(discovery="portolan"), worlds.shops(2))
    reader = reader_of(admin, discovery="portolan")
    assert reader.served() is None  # the module is not there
    assert reader.served_of(worlds.shops(1)) is None
    assert reader.confirms(one()) is None
    server_of(admin).followed = [{"name": "u0", "nodes": NODES}]
    served = reader.served()
    assert served is not None
    assert served.upstreams == {keys.upstream("u0"): TOLD, keys.upstream("u1"): ()}
    assert served.routes == {keys.route("r0"), keys.route("r1")}


def test_of_many_the_module_is_asked_for_some(admin: Target) -> None:
    filled(admin.started(discovery="portolan"), worlds.shops(9))
    server_of(admin).followed = [{"name": f"u{n}", "nodes": NODES} for n in range(8)]
    reader = reader_of(admin, discovery="portolan")
    asked(admin)
    served = reader.served_of(worlds.shops(3) | worlds.upstream(8) | worlds.upstream(99))
    assert served is not None
    told = {keys.upstream(f"u{number}"): TOLD for number in range(3)}
    assert served.upstreams == told | {keys.upstream("u8"): ()}
    assert served.routes == {keys.route(f"r{number}") for number in range(3)}
    questions = asked(admin)
    assert not any("dump" in one for one in questions)
    assert sum("/nodes?" in one for one in questions) == 2  # whether it can, and then for all


def test_changes_of_nodes_that_the_module_follows_are_confirmed(admin: Target) -> None:
    filled(admin.started(discovery="portolan"), worlds.shops(1))
    server_of(admin).followed = [{"name": "u0", "nodes": NODES[:1]}]
    reader = reader_of(admin, discovery="portolan")
    assert reader.confirms(one(nodes=1)) is True
    assert reader.confirms(one(nodes=2)) is False
    assert reader.confirms(one(7)) is False
