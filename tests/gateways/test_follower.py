"""Driving a gateway: what the control plane's feed says is in its tree, whatever fails between."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from console.contract import keys, wire
from console.feed import FeedWriter
from console.redis import Client
from console.secrets import Secret
from gateways import actions, follower, health
from gateways.driving.patience import Pace
from gateways.health import Status
from gateways.models import Gateway
from tests.factories import make_control_plane, make_gateway
from tests.gateways.examples import route, upstream
from tests.relay import relay_to
from tests.threads import eventually, owned

pytestmark = pytest.mark.django_db(transaction=True)

PACE = Pace(touch=0.3, tell=0.5, retry=(0.2, 0.2), seldom=0.2)
RULE = "traefik/http/routers/r1-portolan/rule"
URL = "traefik/http/services/u1-portolan/loadBalancer/servers/{}/url"
RESOURCES = {"upstream/u1": upstream(), "route/r1": route()}


class House:
    """One control plane's feed, and a gateway of it."""

    def __init__(self, store: Client, tree: Client, url: str, **fields: object) -> None:
        self.store, self.tree = store, tree
        plane = make_control_plane()
        password = urlsplit(settings.REDIS_URL).password or ""
        values = {"settings": {"redis_url": url}, "secret": f":{password}"} | fields
        self.gateway = make_gateway(control_plane=plane, **values)
        self.id = str(self.gateway.pk)
        self.feed = keys.feed(keys.control_plane(str(plane.pk)))
        self.writer = FeedWriter(store, self.feed, epoch=1)
        self.writer.open()

    def commit(self, **changes: wire.Resource | bytes | None) -> None:
        self.writer.commit(
            {
                key.replace("_", "/"): wire.encode(one) if isinstance(one, wire.Resource) else one
                for key, one in changes.items()
            },
            always=True,
        )

    def publish(self) -> None:
        self.writer.commit({key: wire.encode(one) for key, one in RESOURCES.items()}, always=True)

    @property
    def status(self) -> Status:
        return health.read([self.id])[self.id]

    def has(self, key: str) -> bool:
        return bool(self.tree.get(key))  # an emptied key is one that is gone

    def change(self, **fields: object) -> None:
        fresh = Gateway.objects.get(pk=self.id)
        for name, value in fields.items():
            setattr(fresh, name, value)
        actions.change_gateway(gateway=fresh, actor=None)

    @contextmanager
    def driven(self, pace: Pace = PACE) -> Iterator[None]:
        with owned(
            keys.gateway(self.id),
            claim_epoch=lambda: Gateway.claim_epoch(self.id),
            body=lambda ownership: follower.drive(self.id, ownership, pace=pace),
        ):
            yield


@pytest.fixture
def house(store: Client, gateway_store: Client, gateway_redis_url: str) -> House:
    return House(store, gateway_store, gateway_redis_url)


def test_nothing_is_sent_before_the_first_compilation(house: House) -> None:
    house.tree.set("traefik/http/routers/portolan-api-old/rule", "Host(`old`)")
    with house.driven():
        eventually(lambda: house.status.phase == "waiting")
        time.sleep(0.7)  # longer than until the first touch
        assert house.status.phase == "waiting"
        assert house.has("traefik/http/routers/portolan-api-old/rule")
        house.publish()
        eventually(lambda: house.status.phase == "in_sync")
        assert not house.has("traefik/http/routers/portolan-api-old/rule")
        assert house.has(RULE)


def test_follows_the_feed_and_says_how_far(house: House) -> None:
    house.publish()
    with house.driven():
        eventually(lambda: house.status.phase == "in_sync")
        assert house.status.applied == "1-1"
        assert house.status.resources == 2
        now = int(time.time() * 1000)
        house.commit(upstream_u1=upstream(nodes=upstream().nodes[:1], observed_at=now))
        eventually(lambda: house.status.applied == "1-2")
        assert house.has(URL.format(0))
        assert not house.has(URL.format(1))
        assert 0 < house.status.lag_ms < 5_000
        house.commit(route_r1=None)
        eventually(lambda: not house.has(RULE))
        eventually(lambda: house.status.resources == 1)


def test_commits_that_change_nothing_leave_nobody_behind(house: House) -> None:
    house.publish()
    with house.driven():
        eventually(lambda: house.status.phase == "in_sync")
        written = house.status.written
        house.publish()  # a commit, for a feed's first one is always made; the same states
        eventually(lambda: house.status.applied == "1-2")
        assert house.status.written == written


def test_what_fails_has_a_code_for_those_who_explain_it(house: House) -> None:
    before = house.tree.config_get("notify-keyspace-events")["notify-keyspace-events"]
    house.tree.config_set("notify-keyspace-events", "")
    try:
        with house.driven():
            eventually(lambda: house.status.reason == "no_events")
            assert house.status.phase == "failing"
            house.tree.config_set("notify-keyspace-events", before)
            house.publish()
            eventually(lambda: house.status.phase == "in_sync")
            assert house.status.reason == ""
            house.change(settings={"redis_url": "redis://127.0.0.1:1/0"}, secret=Secret(":pw"))
            eventually(lambda: house.status.reason == "unreachable")
    finally:
        house.tree.config_set("notify-keyspace-events", before)


def test_what_the_kind_cannot_do_is_named_and_the_rest_goes_out(house: House) -> None:
    house.commit(
        upstream_u1=upstream(), route_r1=route(), route_r2=route(id="r2", plugins={"odd": {}})
    )
    with house.driven():
        eventually(lambda: house.status.phase == "in_sync")
        assert "odd" in house.status.refused["route/r2"]
        assert house.status.refused_marked["route/r2"].params == {"plugins": "odd"}
        assert house.has(RULE)
        house.commit(route_r2=b"nonsense", route_r1=route(hosts=("new.org",)))
        eventually(lambda: b"new.org" in (house.tree.get(RULE) or b""))
        eventually(lambda: "cannot be read" in house.status.refused.get("route/r2", ""))
        house.commit(route_r2=None)
        eventually(lambda: house.status.refused == {})


def test_what_cannot_be_read_stays_though_its_driver_begins_anew(house: House) -> None:
    house.publish()
    with house.driven():
        eventually(lambda: house.has(RULE))
        house.commit(route_r1=b"nonsense", upstream_u1=b"nonsense")
        eventually(lambda: len(house.status.refused) == 2)
        before = house.status.applied_at
        house.change(description="so that it starts over")
        eventually(lambda: house.status.applied_at > before)
        assert house.status.refused.keys() == {"route/r1", "upstream/u1"}
        assert house.has(RULE)
        assert house.has(URL.format(1))
        house.publish()
        eventually(lambda: house.status.refused == {})
        house.commit(route_r1=None)
        eventually(lambda: not house.has(RULE))


def test_an_emptied_tree_is_filled_again(house: House) -> None:
    house.publish()
    with house.driven():
        eventually(lambda: house.has(RULE))
        house.tree.flushdb()
        eventually(lambda: house.has(RULE) and house.has(URL.format(1)))
        eventually(lambda: house.status.phase == "in_sync")


def test_an_emptied_tree_is_filled_whole_by_the_next_change(house: House) -> None:
    house.publish()
    with house.driven(Pace(touch=60, retry=(0.1,))):
        eventually(lambda: house.has(RULE))
        house.tree.flushdb()
        house.commit(upstream_u1=upstream(nodes=upstream().nodes[:1]))
        eventually(lambda: house.has(RULE) and house.has(URL.format(0)))
        assert not house.has(URL.format(1))


def test_a_wrong_password_is_said_and_the_right_one_heals(
    store: Client, gateway_store: Client, gateway_redis_url: str
) -> None:
    house = House(store, gateway_store, gateway_redis_url, secret=":wrong")
    house.publish()
    with house.driven():
        eventually(lambda: house.status.phase == "failing")
        assert "does not answer" in house.status.text
        assert "wrong" not in house.status.text
        since = house.status.since
        time.sleep(0.6)
        assert house.status.since == since, "it fails since then, not since the last attempt"
        house.change(secret=f":{urlsplit(settings.REDIS_URL).password}")
        eventually(lambda: house.status.phase == "in_sync")
        assert house.has(RULE)
        assert house.status.text == ""


def test_a_gateway_that_is_away_is_tried_again(
    store: Client, gateway_store: Client, gateway_redis_url: str
) -> None:
    with relay_to(gateway_redis_url) as (relay, url):
        parts = urlsplit(url)
        house = House(store, gateway_store, f"redis://127.0.0.1:{parts.port}{parts.path}")
        house.publish()
        with house.driven():
            eventually(lambda: house.has(RULE))
            relay.refuse()
            house.commit(route_r1=route(hosts=("new.org",)), upstream_u1=None)
            eventually(lambda: house.status.phase == "failing")
            assert house.has(URL.format(0))
            relay.admit()
            eventually(lambda: not house.has(URL.format(0)))
            assert b"new.org" in house.tree.get(RULE)
            eventually(lambda: house.status.phase == "in_sync")


def test_a_lost_feed_takes_nothing_from_the_gateway(house: House) -> None:
    house.publish()
    with house.driven():
        eventually(lambda: house.has(RULE))
        house.store.delete(*house.feed.all())
        time.sleep(0.5)
        assert house.has(RULE)
        house.change(description="so that it starts over")
        time.sleep(0.5)
        assert house.has(RULE)
        again = FeedWriter(house.store, house.feed, epoch=2)
        again.open()
        again.commit({"upstream/u1": wire.encode(upstream())})
        eventually(lambda: not house.has(RULE))


def test_disabling_stops_and_leaves_the_tree(house: House) -> None:
    house.publish()
    with house.driven():
        eventually(lambda: house.status.phase == "in_sync")
        house.change(enabled=False)
        eventually(lambda: house.status.phase == "disabled")
        eventually(lambda: house.store.get(keys.lease(keys.gateway(house.id))) is None)
        assert house.has(RULE)


def test_an_edit_starts_over_with_the_new_settings(house: House) -> None:
    house.publish()
    with house.driven():
        eventually(lambda: house.has(RULE))
        house.change(settings={**house.gateway.settings, "entry_points": ["web", "alt"]})
        eventually(
            lambda: house.tree.get("traefik/http/routers/r1-portolan/entryPoints") == b"web,alt"
        )
        eventually(lambda: house.status.phase == "in_sync")


def test_a_deleted_gateway_ends_and_its_status_goes(house: House) -> None:
    house.publish()
    with house.driven():
        eventually(lambda: house.status.phase == "in_sync")
        actions.delete_gateway(gateway=house.gateway, actor=None)
        eventually(lambda: house.store.get(keys.lease(keys.gateway(house.id))) is None)
        assert house.status == Status()


def test_taking_over_writes_nothing_that_is_there(house: House) -> None:
    house.publish()
    with house.driven():
        eventually(lambda: house.has(RULE))
        eventually(lambda: house.status.phase == "in_sync")
    began = int(time.time() * 1000)
    with house.driven():
        eventually(lambda: house.status.applied_at >= began)
        assert house.status.written == 0
