"""A real Envoy: it follows, and whatever dies or is refused, it goes on serving."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest

from console.contract import keys
from console.contract.wire import Expression, Node, Timeouts, Upstream
from console.contract.wire import Path as RoutePath
from gateways import drivers, instances
from gateways.drivers.base import Reader
from tests.gateways.conftest import Serve
from tests.threads import eventually

from .bed import Bed
from .conftest import GATEWAY, PLANE, Feed, route, upstream

pytestmark = [pytest.mark.slow]
LONG = 30
# RE2 refuses so many repetitions of repetitions; our reading of expressions does not know that.
POISON = Expression(
    subject="header", operator="regex_match", name="x", value="(?:(?:a{100}){100}){100}"
)


class Town:
    """Nodes on loopback, by number; all of the same port."""

    def __init__(self, serve: Serve, count: int = 5) -> None:
        self.port = serve("127.0.0.1")
        for number in range(2, count + 1):
            serve(f"127.0.0.{number}", self.port)

    def places(self, *numbers: int) -> list[str]:
        return [f"127.0.0.{number}:{self.port}" for number in numbers]


@pytest.fixture
def town(serve: Serve) -> Town:
    return Town(serve)


@pytest.fixture
def running(bed: Bed, feed: Feed, town: Town) -> Bed:
    """Envoy serves node 1 of upstream 1."""
    feed.put(upstream(1, *town.places(1)), route(1))
    bed.start_server()
    bed.start_envoy()
    eventually(lambda: bed.get("h1.org")[0] == 200, within=LONG)
    return bed


def nodes(bed: Bed, host: str = "h1.org", requests: int = 20) -> set[str]:
    """Who answers, or with which status; each request may be another worker's of Envoy."""
    seen = [bed.get(host) for _ in range(requests)]
    return {
        text.partition(" ")[0].rpartition(".")[2] if status == 200 else str(status)
        for status, text in seen
    }


@contextmanager
def load(bed: Bed, host: str = "h1.org") -> Iterator[list[tuple[int, str]]]:
    """Constant requests; the list gets those that failed."""
    failed: list[tuple[int, str]] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            answer = bed.get(host)
            if answer[0] != 200:
                failed.append(answer)
            time.sleep(0.002)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        yield failed
    finally:
        done.set()
        for thread in threads:
            thread.join(20)


FORMS = keys.last_forms(keys.control_plane(PLANE))


def test_scaled_up_and_to_nothing_and_back(running: Bed, feed: Feed, town: Town) -> None:
    for numbers in ((1, 2, 3), (1, 2, 3, 4, 5), (), (2, 3, 4)):
        feed.put(upstream(1, *town.places(*numbers)))
        wanted = {str(number) for number in numbers} or {"503"}
        eventually(lambda w=wanted: nodes(running) == w, within=LONG)
    assert running.get("nobody.org")[0] == 404
    feed.drop("route/r1", "upstream/u1")
    eventually(lambda: running.get("h1.org")[0] == 404, within=LONG)


def test_nodes_come_and_go_under_load_and_no_request_fails(
    running: Bed, feed: Feed, town: Town
) -> None:
    with load(running) as failed:
        for number in range(40):
            feed.put(upstream(1, *town.places(1 + number % 5, 1 + (number + 1) % 5)))
            time.sleep(0.02)
    assert not failed


def test_an_upstream_moves_and_changes_under_load_and_no_request_fails(
    running: Bed, feed: Feed, town: Town
) -> None:
    """A new cluster and the route to it in one commit, then the old cluster goes; timeouts make
    Envoy build a cluster anew."""
    with load(running) as failed:
        for number in range(2, 12):
            new = upstream(number, *town.places(1, 2), timeouts=Timeouts(connect=1_000 + number))
            feed.put(new, route(1, upstream=f"u{number}"))
            feed.drop(f"upstream/u{number - 1}")
            feed.put(upstream(number, *town.places(2, 3), timeouts=Timeouts(connect=2_000)))
            time.sleep(0.05)
    assert not failed


def test_the_server_dies_in_the_midst_of_changes(running: Bed, feed: Feed, town: Town) -> None:
    with load(running) as failed:
        for number in range(30):
            feed.put(upstream(1, *town.places(1 + number % 5)))
            if number == 15:
                running.kill_server()
        time.sleep(0.5)
        feed.put(upstream(1, *town.places(4)), upstream(2, *town.places(5)), route(2))
        running.start_server()
        eventually(lambda: nodes(running) == {"4"}, within=LONG)
        eventually(lambda: nodes(running, "h2.org") == {"5"}, within=LONG)
    assert not failed


def test_a_server_that_comes_back_repeats_nothing(running: Bed) -> None:
    def updates() -> dict[str, int]:
        found = running.stats("update_success")
        return {name: value for name, value in found.items() if name.startswith("cluster.upstream")}

    eventually(lambda: running.stats("control_plane.connected_state") != {}, within=LONG)
    before = updates()
    assert before
    running.kill_server()
    state = "control_plane.connected_state"
    eventually(lambda: running.stats(state)[state] == 0, within=LONG)
    running.start_server()
    eventually(lambda: running.stats(state)[state] == 1, within=LONG)
    time.sleep(1.5)
    assert updates() == before
    assert running.get("h1.org")[0] == 200


def test_redis_is_emptied_and_written_again(running: Bed, feed: Feed, town: Town) -> None:
    with load(running) as failed:
        feed.client.flushdb()
        time.sleep(2.5)
        assert nodes(running) == {"1"}
        feed.again()
        feed.put(upstream(1, *town.places(2)))
        eventually(lambda: nodes(running) == {"2"}, within=LONG)
    assert not failed


def test_an_envoy_that_starts_empty_is_filled(running: Bed, feed: Feed, town: Town) -> None:
    running.kill_envoy()
    feed.put(upstream(1, *town.places(3)))
    running.start_envoy()
    eventually(lambda: nodes(running) == {"3"}, within=LONG)


def test_a_route_that_envoy_refuses_is_named_and_the_others_go_on(
    running: Bed, feed: Feed, town: Town
) -> None:
    good = [route(number, upstream="u1") for number in range(10, 20)]
    bad = route(2, upstream="u1", expressions=(POISON,))
    feed.put(*good[:5], bad, *good[5:])
    for one in good:
        eventually(lambda o=one: running.get(o.hosts[0])[0] == 200, within=LONG, what=one.id)
    assert running.get("h2.org")[0] == 404

    def said() -> str:
        return " ".join(one.refuses for one in instances.read(feed.client, [GATEWAY])[GATEWAY])

    eventually(lambda: "app/r2: Envoy refuses it" in said(), within=LONG)
    feed.put(upstream(1, *town.places(2)))
    eventually(lambda: nodes(running) == {"2"}, within=LONG)
    feed.put(route(2, upstream="u1"))
    eventually(lambda: running.get("h2.org")[0] == 200, within=LONG)
    eventually(lambda: said().strip() == "", within=LONG)


def test_a_route_that_becomes_inexpressible_is_served_as_it_was(
    running: Bed, feed: Feed, town: Town
) -> None:
    feed.put(route(1, plugins={"limit-req": {}}), upstream(2, *town.places(2)), route(2))
    eventually(lambda: nodes(running, "h2.org") == {"2"}, within=LONG)
    assert nodes(running) == {"1"}
    # So it is with another server, for an Envoy that has nothing.
    running.kill_server()
    running.kill_envoy()
    running.start_server()
    running.start_envoy()
    eventually(lambda: nodes(running, "h2.org") == {"2"}, within=LONG)
    assert nodes(running) == {"1"}
    feed.drop("route/r1")
    eventually(lambda: running.get("h1.org")[0] == 404, within=LONG)
    eventually(lambda: not feed.client.exists(FORMS), within=LONG)


def test_priorities_and_refused_connections(running: Bed, feed: Feed, town: Town) -> None:
    def ranked(*hosts: str, **fields: object) -> Upstream:
        some = (
            Node(host=host, port=town.port, priority=5 - place) for place, host in enumerate(hosts)
        )
        return msgspec.structs.replace(upstream(1, **fields), nodes=tuple(some))

    feed.put(ranked("127.0.0.1", "127.0.0.2"))
    eventually(lambda: nodes(running) == {"1"}, within=LONG)
    checks = {"active": {"type": "tcp", "unhealthy": {"tcp_failures": 1}}}
    feed.put(ranked("127.0.0.99", "127.0.0.2", checks=checks))
    eventually(lambda: nodes(running) == {"2"}, within=LONG)


def test_nodes_that_are_about_to_go_are_called_when_no_other_is_healthy(
    running: Bed, feed: Feed, town: Town
) -> None:
    def left(*places: str, leaving: tuple[int, ...]) -> None:
        feed.put(upstream(1, *places, leaving=leaving, checks=checks))

    dead = f"127.0.0.99:{town.port}"
    checks = {"active": {"type": "tcp", "unhealthy": {"tcp_failures": 1}}}
    left(*town.places(1, 2, 3), leaving=(0, 1))
    eventually(lambda: nodes(running) == {"3"}, within=LONG)
    left(*town.places(1, 2), dead, leaving=(0, 1))
    eventually(lambda: nodes(running) == {"1", "2"}, within=LONG)
    left(*town.places(1), dead, leaving=(0, 1))
    eventually(lambda: nodes(running) == {"1"}, within=LONG)


@pytest.fixture
def reader(running: Bed) -> Iterator[Reader]:
    urls = [running.envoy.admin_url]
    made = drivers.reader("envoy", {"admin_urls": urls}, "")
    yield made
    made.close()


def test_what_envoy_says_it_has_is_what_it_was_given(
    running: Bed, reader: Reader, feed: Feed, town: Town
) -> None:
    named = upstream(2, f"localhost:{town.port}", *town.places(2), leaving=(1,))
    hashed = upstream(
        3,
        *town.places(1, 2),
        balance="consistent_hash",
        hash_key="uri",
        scheme="https",
        leaving=(1,),
    )
    path = RoutePath(path="/x")
    feed.put(named, hashed, route(2), route(3, paths=(path,), methods=("GET",), websocket=True))
    eventually(lambda: running.get("h2.org")[0] == 200, within=LONG)
    resources = {
        f"upstream/{one.id}": one for one in (upstream(1, *town.places(1)), named, hashed)
    } | {
        f"route/{one.id}": one
        for one in (route(1), route(2), route(3, paths=(path,), methods=("GET",), websocket=True))
    }
    settings = {"address": "127.0.0.1", "port": running.port}
    wanted = drivers.preview("envoy", settings, resources)
    assert not wanted.refused
    assert reader.documents() == wanted.documents
    served = reader.served()
    assert served is not None
    assert served.routes == {"route/r1", "route/r2", "route/r3"}
    assert served.upstreams["upstream/u1"] == tuple(town.places(1))
    assert served.upstreams["upstream/u2"] == (town.places(2)[0], f"localhost:{town.port}")
    (process,) = reader.processes()
    assert (process.id, process.version) == ("envoy-1", "1.40.0")


def test_a_check_tries_the_administration(running: Bed) -> None:
    here = drivers.check("envoy", {"admin_urls": [running.envoy.admin_url]}, "")
    nobody = drivers.check("envoy", {"admin_urls": ["http://127.0.0.1:1"]}, "")
    proxy = drivers.check("envoy", {"admin_urls": [running.url]}, "")
    assert [one.ok for one in (*here, *nobody, *proxy)] == [True, False, False]
    assert drivers.check("envoy", {}, "")[0].ok
