"""The server and its clients: counted messages, strangers, slow ones, crowds, other lives."""

from __future__ import annotations

import time
from typing import Any

import grpc
import pytest
from django.conf import settings

from console import redis
from gateways.drivers.envoy import Settings, api
from gateways.xds import access
from gateways.xds.running import Running
from gateways.xds.server import Row, Server
from gateways.xds.stream import MOST_UNDER_WAY, WARMING
from tests.threads import eventually

from .client import Delta, quiet
from .conftest import GATEWAY, PLANE, Connect, Feed, route, upstream

GENEROUS = 20


def filled(client: Delta, size: int) -> None:
    eventually(
        lambda: len(client.has.get(api.ASSIGNMENTS, ())) == size and api.ROUTES in client.has,
        within=GENEROUS,
    )


@pytest.mark.parametrize("size", [100, 1_000])
def test_one_changed_service_is_one_message_to_each(
    feed: Feed, server: Running, connect: Connect, size: int
) -> None:
    feed.put(*(upstream(n, "10.0.0.1") for n in range(size)), *(route(n) for n in range(size)))
    clients = [connect(node=f"n{number}") for number in range(3)]
    for client in clients:
        filled(client, size)
        quiet(client)
    counts = [len(client.answers) for client in clients]
    (plane,) = server.server._planes.values()
    plane.book.rendered.clear()
    feed.put(upstream(7, "10.0.0.2"))
    for client in clients:
        eventually(
            lambda c=client: c.names(api.ASSIGNMENTS)[-1] == ["upstream/u7"], within=GENEROUS
        )
    for client, count in zip(clients, counts, strict=True):
        assert quiet(client) == count + 1
    assert plane.book.rendered == {"assignment": 1}


def test_nothing_is_sent_before_the_control_plane_was_compiled(
    feed: Feed, connect: Connect
) -> None:
    client = connect()
    assert quiet(client) == 0
    feed.put(upstream(1, "10.0.0.1"))
    filled(client, 1)


def test_what_is_known_stays_while_redis_is_empty(feed: Feed, connect: Connect) -> None:
    feed.put(upstream(1, "10.0.0.1"), route(1))
    first = connect(node="first")
    filled(first, 1)
    count = quiet(first)
    feed.client.flushdb()
    late = connect(node="late")
    filled(late, 1)
    assert quiet(first, seconds=3) == count
    feed.states.clear()
    feed.again()
    feed.put(upstream(1, "10.0.0.2"), route(1))
    eventually(lambda: len(first.answers) > count, within=GENEROUS)


def test_another_server_repeats_nothing_that_is_had_already(
    feed: Feed, connect: Connect, rows: dict[str, Row]
) -> None:
    feed.put(*(upstream(n, "10.0.0.1") for n in range(20)), route(1))
    first = connect(node="first")
    filled(first, 20)
    quiet(first)
    another = Running(
        Server(lambda: redis.connect(settings.REDIS_URL), lambda _anew: dict(rows)), "127.0.0.1", 0
    )
    again = Delta(f"127.0.0.1:{another.port}", gateway=GATEWAY, versions=first.has)
    try:
        assert quiet(again) == 0
        feed.put(upstream(2, "10.0.0.2"))
        eventually(lambda: again.names(api.ASSIGNMENTS) == [["upstream/u2"]], within=GENEROUS)
    finally:
        again.close()
        another.stop()
    behind = {kind: dict(names) for kind, names in first.has.items()}
    behind[api.ASSIGNMENTS]["upstream/u3"] = "old"
    behind[api.CLUSTERS]["upstream/gone"] = "x"
    late = connect(node="late", versions=behind)
    quiet(late)
    assert late.names(api.ASSIGNMENTS) == [["upstream/u3"]]
    assert late.names(api.CLUSTERS) == [["upstream/gone"]]


def test_who_does_not_read_holds_up_nobody(feed: Feed, connect: Connect) -> None:
    nodes = [f"10.0.{n // 250}.{n % 250 + 1}" for n in range(1_000)]
    feed.put(*(upstream(n, *nodes) for n in range(60)), route(1))
    slow = connect(node="slow", reads=False)
    quick = connect(node="quick")
    filled(quick, 60)
    for number in range(50):
        place = f"10.9.0.{number + 1}"
        feed.put(upstream(7, place))
    eventually(
        lambda: b"10.9.0.50" in quick.bodies[api.ASSIGNMENTS]["upstream/u7"], within=GENEROUS
    )
    slow._thread.start()
    filled(slow, 60)
    assert b"10.9.0.50" in slow.bodies[api.ASSIGNMENTS]["upstream/u7"]
    sent = [names for names in slow.names(api.ASSIGNMENTS) if "upstream/u7" in names]
    assert len(sent) <= 3


def test_who_never_confirms_is_sent_few_answers(feed: Feed, connect: Connect) -> None:
    feed.put(upstream(1, "10.0.0.1"), route(1))
    client = connect(confirms=False)
    eventually(lambda: client.names(api.CLUSTERS) != [], within=GENEROUS)
    for number in range(20):
        feed.put(upstream(number + 2, "10.0.0.1"))
        time.sleep(WARMING / 4)
    quiet(client)
    assert len(client.names(api.CLUSTERS)) == MOST_UNDER_WAY
    for kind in (api.ASSIGNMENTS, api.LISTENERS, api.ROUTES):
        assert len(client.names(kind)) <= 1


def test_a_crowd_of_envoys_is_told_alike(feed: Feed, connect: Connect) -> None:
    feed.put(*(upstream(n, "10.0.0.1") for n in range(10)), route(1))
    crowd = [connect(node=f"n{number}") for number in range(50)]
    for client in crowd:
        filled(client, 10)
    feed.put(upstream(3, "10.0.0.9"))
    for client in crowd:
        eventually(
            lambda c=client: b"10.0.0.9" in c.bodies[api.ASSIGNMENTS]["upstream/u3"],
            within=GENEROUS,
        )
    assert len({str(sorted(client.has[api.ASSIGNMENTS].items())) for client in crowd}) == 1


def test_an_unknown_gateway_is_told_so(feed: Feed, connect: Connect) -> None:
    feed.put(upstream(1, "10.0.0.1"))
    client = connect(gateway="somebody-elses")
    eventually(lambda: client.error is not None, within=GENEROUS)
    assert client.error.code() == grpc.StatusCode.NOT_FOUND
    assert "somebody-elses" in client.error.details()


def test_a_gateway_that_is_disabled_is_closed_and_one_that_is_made_is_found(
    feed: Feed, server: Running, connect: Connect, rows: dict[str, Row]
) -> None:
    feed.put(upstream(1, "10.0.0.1"))
    client = connect()
    filled_clusters = lambda c: eventually(lambda: api.CLUSTERS in c.has, within=GENEROUS)  # noqa: E731
    filled_clusters(client)
    made = Row(id="new", control_plane=PLANE, enabled=True, settings=Settings())
    rows["new"] = made
    filled_clusters(connect(gateway="new"))
    rows[GATEWAY] = Row(id=GATEWAY, control_plane=PLANE, enabled=False, settings=Settings())
    server.look()
    eventually(lambda: client.error is not None, within=GENEROUS)
    late = connect()
    eventually(lambda: late.error is not None, within=GENEROUS)
    assert late.error.code() == grpc.StatusCode.FAILED_PRECONDITION


def test_a_listener_follows_its_settings(
    feed: Feed, server: Running, connect: Connect, rows: dict[str, Row]
) -> None:
    feed.put(upstream(1, "10.0.0.1"), route(1))
    client = connect()
    filled(client, 1)
    quiet(client)
    moved = Settings(address="127.0.0.1", port=8081)
    rows[GATEWAY] = Row(id=GATEWAY, control_plane=PLANE, enabled=True, settings=moved)
    count = len(client.answers)
    server.look()
    eventually(lambda: len(client.answers) == count + 1, within=GENEROUS)
    (body,) = client.bodies[api.LISTENERS].values()
    assert api.Listener.FromString(body).address.socket_address.port_value == 8081


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "xds.example.org"])  # noqa: S104
def test_plain_text_beyond_loopback_is_refused(host: str) -> None:
    with pytest.raises(access.Refused, match="Without TLS"):
        access.demand_loopback(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.0.0.9"])
def test_plain_text_on_loopback_is_fine(host: str) -> None:
    access.demand_loopback(host)


def test_a_port_that_is_taken_is_a_sentence(server: Running, store: Any) -> None:
    with pytest.raises(access.Refused, match="cannot be listened on"):
        Running(Server(lambda: store, lambda _anew: {}), "127.0.0.1", server.port)
