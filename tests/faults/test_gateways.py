"""A gateway is driven on while PostgreSQL accepts everything and answers nothing."""

from __future__ import annotations

import pytest
from django.db import connection

from console import wakeups
from console.contract import keys
from console.redis import Client
from gateways.driving.patience import Pace
from tests.faults.troubles import TROUBLES
from tests.gateways.examples import route
from tests.gateways.test_follower import RULE, House
from tests.relay import Relay
from tests.threads import eventually

pytestmark = pytest.mark.slow

FAILS_AFTER = 8  # seconds until a connection is given up
NOTICED = 30.0  # and the next attempt comes 1 s later


@pytest.mark.parametrize("trouble", ["hole", "refuse"])
def test_a_row_that_cannot_be_read_delays_no_change(
    store: Client,
    gateway_store: Client,
    gateway_redis_url: str,
    to_postgres: Relay,
    trouble: str,
) -> None:
    connection.settings_dict["OPTIONS"]["connect_timeout"] = FAILS_AFTER
    house = House(store, gateway_store, gateway_redis_url)
    house.publish()
    with house.driven(Pace(touch=0.3, tell=0.5)):
        eventually(lambda: house.status.phase == "in_sync", within=NOTICED)
        to_postgres.be(TROUBLES[trouble])
        for number in range(5):
            wakeups.ring(keys.gateway(house.id))
            host = f"n{number}.org".encode()
            house.commit(route_r1=route(hosts=(host.decode(),)))
            eventually(
                lambda host=host: host in (house.tree.get(RULE) or b""), within=FAILS_AFTER - 2
            )
        assert house.status.phase == "in_sync"
        to_postgres.clear()
        house.change(settings={**house.gateway.settings, "entry_points": ["alt"]})
        entry = "traefik/http/routers/r1-portolan/entryPoints"
        eventually(lambda: house.tree.get(entry) == b"alt", within=NOTICED)
