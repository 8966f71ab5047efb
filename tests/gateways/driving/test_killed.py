"""A worker is killed in the middle of changes: another one comes to the same end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from console.redis import Client
from tests.gateways.examples import route
from tests.gateways.test_follower import House
from tests.threads import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

# As Celery's ticks do together: whenever nobody drives it, somebody takes it over.
_WORKER = """
import sys, time
import django
django.setup()
from gateways.tasks import drive_gateway
while True:
    drive_gateway(sys.argv[1])
    time.sleep(0.1)
"""
RULE = "traefik/http/routers/{}-portolan/rule"


@contextmanager
def worker(house: House) -> Iterator[subprocess.Popen[bytes]]:
    database = connection.settings_dict
    login = f"{database['USER']}:{database['PASSWORD']}"
    place = f"{database['HOST']}:{database['PORT']}/{database['NAME']}"
    child = subprocess.Popen(
        [sys.executable, "-c", _WORKER, house.id],
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "console.settings",
            "DATABASE_URL": f"postgres://{login}@{place}",
            "REDIS_URL": settings.REDIS_URL,
            "LEASE_TTL": "3",
        },
        cwd=Path(__file__).parents[3],
    )
    try:
        yield child
    finally:
        child.kill()
        child.wait(10)


def test_another_one_comes_to_the_same_end(
    store: Client, gateway_store: Client, gateway_redis_url: str
) -> None:
    house = House(store, gateway_store, gateway_redis_url)
    house.publish()
    with worker(house) as first:
        eventually(lambda: house.has(RULE.format("r1")), within=30)
        for number in range(80):
            house.commit(**{f"route_k{number}": route(id=f"k{number}")})
            if number == 40:
                first.kill()
        first.wait(10)
        assert not house.has(RULE.format("k79"))
        house.commit(route_r1=None, **{f"route_k{number}": None for number in range(40)})
    with worker(house):
        eventually(lambda: house.has(RULE.format("k79")), within=60)
        eventually(lambda: not house.has(RULE.format("r1")), within=10)
        left = {n for n in range(80) if house.has(RULE.format(f"k{n}"))}
        assert left == set(range(40, 80))
        eventually(lambda: house.status.resources == 41, within=10)
        assert house.status.phase == "in_sync"
