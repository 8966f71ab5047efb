"""One gateway's trouble is its own: it is waited for ever longer, and holds up nobody."""

from __future__ import annotations

import threading
import time
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from console.contract import keys, wire
from console.feed import FeedWriter
from console.ownership import Ownership
from console.redis import Client
from console.secrets import Secret
from gateways import actions, drivers, follower, health
from gateways.drivers.base import DriverError
from gateways.driving.patience import Pace
from gateways.models import Gateway
from tests.factories import make_control_plane, make_gateway
from tests.gateways.examples import route, upstream
from tests.gateways.test_follower import House
from tests.relay import Trouble, relay_to
from tests.threads import eventually, owned

pytestmark = pytest.mark.django_db(transaction=True)

RULE = "{}/http/routers/r1-portolan/rule"
PACE = Pace(touch=0.3, tell=0.5, retry=(0.2,), seldom=0.2)


def other(house: House, url: str, root: str = "other") -> dict[str, object]:
    """The fields of another gateway on another root."""
    return {
        "settings": {"redis_url": url, "root_key": root},
        "secret": f":{urlsplit(settings.REDIS_URL).password}",
        "control_plane": house.gateway.control_plane,
    }


@pytest.fixture
def house(store: Client, gateway_store: Client, gateway_redis_url: str) -> House:
    return House(store, gateway_store, gateway_redis_url)


def drive(gateway: Gateway, pace: Pace = PACE) -> AbstractContextManager[threading.Event]:
    """Drive one more gateway, as one more loop of this worker."""
    one = str(gateway.pk)
    return owned(
        keys.gateway(one),
        claim_epoch=lambda: Gateway.claim_epoch(one),
        lift_epoch=lambda epoch: Gateway.lift_epoch(one, epoch),
        body=lambda ownership: follower.drive(one, ownership, pace=pace),
    )


def phase(gateway: Gateway) -> str:
    return health.read([str(gateway.pk)])[str(gateway.pk)].phase


def test_one_that_swallows_everything_delays_no_other(house: House, gateway_redis_url: str) -> None:
    house.publish()
    with relay_to(gateway_redis_url) as (relay, _url):
        path = urlsplit(gateway_redis_url).path
        lost = make_gateway(**other(house, f"redis://127.0.0.1:{relay.port}{path}"))
        with house.driven(), drive(lost):
            eventually(
                lambda: house.has(RULE.format("traefik")) and house.has(RULE.format("other"))
            )
            relay.be(Trouble(end="hole"))
            slowest = 0.0
            for number in range(5):
                host = f"n{number}.org"
                house.commit(route_r1=route(hosts=(host,)))
                slowest = max(slowest, eventually(lambda host=host: said(house, host)))
            assert slowest < 2.0, "a question to the other takes five seconds"
            eventually(lambda: phase(lost) == "failing", within=15)
            relay.clear()
            eventually(lambda: phase(lost) == "in_sync", within=15)
            assert b"n4.org" in house.tree.get(RULE.format("other"))


def said(house: House, host: str) -> bool:
    return host.encode() in (house.tree.get(RULE.format("traefik")) or b"")


def test_a_fault_in_a_driver_is_said_and_the_loop_goes_on(
    house: House, gateway_redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = replace(drivers.KINDS["traefik"], module="tests.gateways.driving.broken")
    monkeypatch.setitem(drivers.KINDS, "broken", kind)
    house.publish()
    broken = make_gateway(kind="broken", settings={}, control_plane=house.gateway.control_plane)
    with drive(broken):
        eventually(lambda: "fault" in health.read([str(broken.pk)])[str(broken.pk)].text)
        assert phase(broken) == "failing"
        fresh = Gateway.objects.get(pk=broken.pk)
        told = other(house, gateway_redis_url)
        fresh.kind, fresh.settings, fresh.secret = "traefik", told["settings"], told["secret"]
        actions.change_gateway(gateway=fresh, actor=None)
        eventually(lambda: house.has(RULE.format("other")))


def test_who_is_away_is_asked_less_and_less(house: House, gateway_redis_url: str) -> None:
    with relay_to(gateway_redis_url) as (relay, _url):
        path = urlsplit(gateway_redis_url).path
        relay.be(Trouble(end="rst"))
        away = make_gateway(**other(house, f"redis://127.0.0.1:{relay.port}{path}"))
        with drive(away, Pace(retry=(0.1, 0.2, 0.4, 0.8, 1.6), tell=0.5)):
            eventually(lambda: phase(away) == "failing")
            time.sleep(4.0)
            attempts = relay.accepted
        # 0.1 s apart it would be forty; each may knock twice.
        assert 2 <= attempts <= 16


def test_a_refused_secret_is_tried_seldom_and_the_right_one_at_once(
    store: Client, gateway_store: Client, gateway_redis_url: str
) -> None:
    house = House(store, gateway_store, gateway_redis_url, secret=":wrong")
    house.publish()
    with relay_to(gateway_redis_url) as (relay, _url):
        path = urlsplit(gateway_redis_url).path
        url = f"redis://127.0.0.1:{relay.port}{path}"
        house.change(settings={"redis_url": url}, secret=Secret(":wrong"))
        with house.driven(Pace(retry=(0.1,), seldom=600, tell=0.5)):
            eventually(lambda: house.status.reason == "unauthorized")
            knocked = relay.accepted
            time.sleep(1.5)
            assert relay.accepted == knocked
            house.change(secret=Secret(f":{urlsplit(settings.REDIS_URL).password}"))
            assert eventually(lambda: house.status.phase == "in_sync", within=10) < 10


def test_the_older_of_two_drivers_is_shut_out(house: House) -> None:
    """As after a pause longer than the lease, when the older does not know yet."""
    house.publish()
    told = {"redis_url": house.gateway.settings["redis_url"]}
    secret = f":{urlsplit(settings.REDIS_URL).password}"
    older = drivers.build("traefik", told, secret)
    older.start(epoch=0 + 1)
    Gateway.lift_epoch(house.id, 5)
    with house.driven():
        eventually(lambda: house.has(RULE.format("traefik")))
        with pytest.raises(DriverError) as refused:
            older.replace({"route/r1": route(hosts=("old.org",))})
        assert refused.value.code == "fenced"
        assert not said(house, "old.org")


def test_a_worker_comes_after_an_agent_whose_epochs_are_greater(house: House) -> None:
    house.publish()
    told = {"redis_url": house.gateway.settings["redis_url"]}
    agent = drivers.build("traefik", told, f":{urlsplit(settings.REDIS_URL).password}")
    agent.start(epoch=1_800_000_000_000)
    agent.replace({})
    deadline = time.monotonic() + 15
    while not house.has(RULE.format("traefik")) and time.monotonic() < deadline:
        with drive(house.gateway):  # the next tick of whoever looks for work
            time.sleep(1.0)
    assert house.has(RULE.format("traefik"))
    with pytest.raises(DriverError):
        agent.replace({"route/r1": route(hosts=("old.org",))})


def test_who_has_lost_his_lease_writes_nothing(house: House) -> None:
    house.publish()
    seen: list[Ownership] = []
    with owned(
        keys.gateway(house.id),
        claim_epoch=lambda: Gateway.claim_epoch(house.id),
        body=lambda ownership: (seen.append(ownership), follower.drive(house.id, ownership))[0],
    ):
        eventually(lambda: house.has(RULE.format("traefik")))
        house.store.set(keys.lease(keys.gateway(house.id)), "another", px=60_000)
        eventually(lambda: not seen[0].going, within=30)
        house.commit(route_r1=route(hosts=("late.org",)))
        time.sleep(1.0)
        assert not said(house, "late.org")


def test_fifty_gateways_cost_what_changed(
    store: Client, gateway_store: Client, gateway_redis_url: str
) -> None:
    plane = make_control_plane()
    feed = keys.feed(keys.control_plane(str(plane.pk)))
    writer = FeedWriter(store, feed, epoch=1)
    writer.open()
    many = {f"upstream/u{n}": wire.encode(upstream(id=f"u{n}")) for n in range(20)}
    writer.commit(many, always=True)
    secret = f":{urlsplit(settings.REDIS_URL).password}"
    gateways = [
        make_gateway(
            control_plane=plane,
            settings={"redis_url": gateway_redis_url, "root_key": f"g{n:02}x"},
            secret=secret,
        )
        for n in range(50)
    ]
    ids = [str(one.pk) for one in gateways]
    with ExitStack() as stack:
        stops = [stack.enter_context(drive(one, Pace(tell=0.5))) for one in gateways]
        eventually(
            lambda: all(one.applied == "1-1" for one in health.read(ids).values()), within=90
        )
        before = {key: one.written for key, one in health.read(ids).items()}
        fewer = upstream(id="u7", nodes=upstream().nodes[:1])
        writer.commit({"upstream/u7": wire.encode(fewer)})
        eventually(
            lambda: all(one.applied == "1-2" for one in health.read(ids).values()), within=60
        )
        wrote = {one.written - before[key] for key, one in health.read(ids).items()}
        assert wrote == {1}
        for stop in stops:
            stop.set()


def test_what_was_said_of_a_deleted_gateway_goes_though_nobody_drives_it(house: House) -> None:
    from gateways import instances

    house.change(enabled=False)
    health.board.say(house.id, health.Status(phase="disabled"))
    instances.report(house.store, house.id, instances.Instance(id="a", hostname="a"))
    assert 0 < house.store.ttl(keys.instances(keys.gateway(house.id))) <= 7 * 24 * 3600
    actions.delete_gateway(gateway=house.gateway, actor=None)
    assert not house.store.exists(
        keys.instances(keys.gateway(house.id)), keys.status(keys.gateway(house.id))
    )
