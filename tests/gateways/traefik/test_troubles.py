"""A real Traefik and what can happen between a driver and it: it ends at the present, and no route
is lost on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from console.contract.wire import Node, Resource, Route, Upstream
from console.contract.wire import Path as RoutePath
from console.redis import Client
from gateways.drivers.base import Driver, DriverError
from tests.gateways.conftest import Proxy
from tests.gateways.examples import route
from tests.relay import Trouble, relay_to
from tests.threads import eventually

from .conftest import Make, Running, Serve, Start

pytestmark = pytest.mark.slow
HOST = "shop.example.org"


def node(port: int, host: str = "127.0.0.1", **fields: object) -> Upstream:
    values = {"id": "u1", "name": "shop/default", "nodes": (Node(host=host, port=port),)}
    return Upstream(**values | fields)


def many(port: int, count: int) -> dict[str, Resource]:
    """As many routes, each with its upstream."""
    found: dict[str, Resource] = {}
    for n in range(count):
        found[f"upstream/u{n}"] = node(port, id=f"u{n}")
        found[f"route/r{n}"] = Route(
            id=f"r{n}", name=f"r{n}", upstream=f"u{n}", hosts=(f"h{n}.org",)
        )
    return found


def serves(proxy: Proxy, start: str) -> bool:
    return proxy.get(HOST, "/cart")[1].startswith(start)


def test_a_great_change_loses_no_request(way: tuple[Driver, Running], serve: Serve) -> None:
    first, second = serve("127.0.0.1"), serve("127.0.0.2")
    driver, gateway = way
    driver.replace(many(first, 120))
    proxy = gateway.proxy
    eventually(lambda: proxy.get("h119.org")[0] == 200, within=30)
    over = threading.Event()
    answers: list[int] = []

    def ask() -> None:
        while not over.is_set():
            for n in range(0, 120, 7):
                answers.append(proxy.get(f"h{n}.org")[0])

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for port, host in ((second, "127.0.0.2"), (first, "127.0.0.1"), (second, "127.0.0.2")):
            changed = {f"upstream/u{n}": node(port, host, id=f"u{n}") for n in range(120)}
            driver.apply(changed)
            eventually(
                lambda h=host: all(proxy.get(f"h{n}.org")[1].startswith(h) for n in (0, 60, 119)),
                within=30,
            )
            # It may be over before each route was asked once.
            asked = len(answers)
            eventually(lambda least=asked + 18: len(answers) >= least, within=30)
        # Each route moves to a new upstream, which replaces the old one.
        driver.apply(
            {f"upstream/v{n}": node(first, id=f"v{n}") for n in range(120)}
            | {
                f"route/r{n}": Route(
                    id=f"r{n}", name=f"r{n}", upstream=f"v{n}", hosts=(f"h{n}.org",)
                )
                for n in range(120)
            }
            | {f"upstream/u{n}": None for n in range(120)}
        )
        eventually(lambda: proxy.get("h119.org")[1].startswith("127.0.0.1"), within=30)
    finally:
        over.set()
        asking.join()
    assert set(answers) == {200}


def test_an_emptied_redis_and_a_restarted_traefik_are_filled_again(
    make: Make, traefik: Start, tree_url: str, serve: Serve, gateway_store: Client
) -> None:
    resources = {"upstream/u1": node(serve("127.0.0.1")), "route/r1": route()}
    driver = make()
    driver.start(epoch=1)
    driver.replace(resources)
    gateway = traefik(redis_url=tree_url)
    eventually(lambda: gateway.proxy.get(HOST, "/cart")[0] == 200, within=30)
    gateway_store.flushdb()
    gateway.stop()
    gateway.start()
    assert gateway.proxy.get(HOST, "/cart")[0] == 404, "it has nothing"
    with pytest.raises(DriverError, match="emptied"):
        driver.touch()
    driver.start(epoch=1)  # as who drives it does after a failure
    driver.replace(resources)
    eventually(lambda: gateway.proxy.get(HOST, "/cart")[0] == 200, within=30)


def test_a_value_that_stops_traefik_is_repaired(
    make: Make,
    traefik: Start,
    tree_url: str,
    serve: Serve,
    gateway_store: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateways.drivers.traefik.tree.VERIFY_EVERY", 1.0)
    first, second = serve("127.0.0.1"), serve("127.0.0.2")
    driver = make()
    driver.start(epoch=1)
    driver.replace({"upstream/u1": node(first), "route/r1": route()})
    proxy = traefik(redis_url=tree_url).proxy
    eventually(lambda: serves(proxy, "127.0.0.1"), within=30)
    gateway_store.set("traefik/http/services/u1-portolan/loadBalancer/servers/0/weight", "abc")
    driver.apply({"upstream/u1": node(second, "127.0.0.2")})
    time.sleep(0.5)
    assert serves(proxy, "127.0.0.1"), "Traefik is frozen by the value"

    def repaired() -> bool:
        driver.touch()
        return serves(proxy, "127.0.0.2")

    eventually(repaired, within=60)


def test_a_missed_event_is_made_up_for(
    make: Make,
    traefik: Start,
    tree_url: str,
    serve: Serve,
    gateway_store: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateways.drivers.traefik.tree.REMIND_EVERY", 1.0)
    first, second = serve("127.0.0.1"), serve("127.0.0.2")
    driver = make()
    driver.start(epoch=1)
    driver.replace({"upstream/u1": node(first), "route/r1": route()})
    with relay_to(tree_url) as (relay, url):
        proxy = traefik(redis_url=url).proxy
        eventually(lambda: serves(proxy, "127.0.0.1"), within=30)
        relay.be(Trouble(refuse=True))
        driver.apply({"upstream/u1": node(second, "127.0.0.2")})
        time.sleep(1)
        assert serves(proxy, "127.0.0.1"), "it goes on with the last while Redis is away"
        relay.clear()

        def touched() -> bool:
            driver.touch()
            return serves(proxy, "127.0.0.2")

        eventually(touched, within=60)


_DYING = """
import json, os, sys
sys.path.insert(0, os.getcwd())
from console.contract.wire import Node, Upstream
from gateways import drivers
driver = drivers.build("traefik", json.loads(sys.argv[1]), sys.argv[2])
driver.start(epoch=2)
resources = {}
for n in range(2000):
    nodes = (Node(host="10.0.0.1", port=80), Node(host="10.0.0.2", port=80))
    resources[f"upstream/u{n}"] = Upstream(id=f"u{n}", name="u", nodes=nodes)
print("ready", flush=True)
driver.replace(resources)
print("done", flush=True)
sys.stdin.read()
"""


def kill_amid_a_change(after: float, settings: dict[str, Any], secret: str) -> None:
    """Have a driver of epoch 2 begin to write 2,000 upstreams and kill it so many seconds later."""
    dying = subprocess.Popen(
        [sys.executable, "-c", _DYING, json.dumps(settings), secret],
        cwd=Path(__file__).parents[3],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ,
    )
    try:
        assert dying.stdout is not None
        assert dying.stdout.readline() == b"ready\n"
        time.sleep(after)
        dying.send_signal(signal.SIGKILL)
        dying.wait(10)
    finally:
        dying.communicate()


@pytest.mark.parametrize("after", [0.0, 0.02, 0.06, 0.12])
def test_a_driver_killed_in_the_middle_of_a_change_leaves_all_of_it_or_nothing(
    after: float, make: Make, gateway_redis_url: str, gateway_store: Client, secret: str
) -> None:
    first = make()
    first.start(epoch=1)
    before = {"upstream/u1": node(80), "route/r1": route()}
    first.replace(before)
    kill_amid_a_change(after, {"redis_url": gateway_redis_url, "entry_points": ["web"]}, secret)
    services = {
        key.split(b"/")[3]
        for key in gateway_store.scan_iter("traefik/http/services/*/loadBalancer/serversTransport")
        if gateway_store.get(key)
    }
    assert len(services) in (1, 2000)
    with pytest.raises(DriverError, match="epoch 2"):
        first.apply({"upstream/u1": node(81)})
    heir = make()
    heir.start(epoch=3)
    heir.replace(before)
    assert gateway_store.get("traefik/http/routers/r1-portolan/rule")
    assert heir.replace(before).written == 0


def test_what_a_list_in_the_tree_cannot_hold_is_refused_and_not_misread(
    make: Make, traefik: Start, tree_url: str, serve: Serve
) -> None:
    driver = make()
    driver.start(epoch=1)
    odd = route(paths=(RoutePath(path="/a,b"),), strip_prefix="/a,b")
    done = driver.replace({"upstream/u1": node(serve("127.0.0.1")), "route/r1": odd})
    assert "comma" in done.refused["route/r1"]
    driver.apply({"route/r1": route(paths=(RoutePath(path="/a,b"),))})
    proxy = traefik(redis_url=tree_url).proxy
    eventually(lambda: proxy.get(HOST, "/a,b")[0] == 200, within=30)
