"""A control plane as it is followed: what breaks on the way loses nothing, and stops nothing."""

from __future__ import annotations

import pytest

from console.contract import keys, wire
from gateways.drivers.envoy import api
from gateways.xds.running import Running
from tests.threads import eventually

from .client import Delta, quiet
from .conftest import PLANE, Connect, Feed, route, upstream
from .test_server import GENEROUS, filled

FEED = keys.feed(keys.control_plane(PLANE))


def has(client: Delta, address: bytes, name: str = "upstream/u1") -> bool:
    return address in client.bodies[api.ASSIGNMENTS].get(name, b"")


@pytest.fixture
def client(feed: Feed, connect: Connect) -> Delta:
    feed.put(*(upstream(n, "10.0.0.1") for n in range(10)), route(1))
    made = connect()
    filled(made, 10)
    quiet(made)
    return made


def test_a_change_that_breaks_the_book_is_taken_all_the_same(
    feed: Feed, server: Running, client: Delta
) -> None:
    count = len(client.answers)
    (plane,) = server.server._planes.values()
    del plane.book._table
    feed.put(upstream(1, "10.0.0.2"), route(2, upstream="u1"))
    feed.drop("upstream/u9")
    eventually(lambda: has(client, b"10.0.0.2"), within=GENEROUS)
    eventually(lambda: client.names(api.CLUSTERS)[-1] == ["upstream/u9"], within=GENEROUS)
    quiet(client)
    assert client.names(api.ASSIGNMENTS)[-2:] == [["upstream/u1"], ["upstream/u9"]]
    assert len(client.answers) == count + 4, "nothing is repeated"
    feed.put(upstream(1, "10.0.0.3"))
    eventually(lambda: has(client, b"10.0.0.3"), within=GENEROUS)


def test_an_entry_that_cannot_be_read_is_passed(feed: Feed, client: Delta) -> None:
    count = len(client.answers)
    seq = feed.writer.seq + 1
    with feed.client.pipeline() as together:
        together.hset(FEED.states, keys.upstream("u1"), wire.encode(upstream(1, "10.0.0.2")))
        together.xadd(FEED.changes, {"keys": "no list", "at": "never"}, id=f"1-{seq}")
        together.hset(FEED.meta, "seq", seq)
        together.execute()
    eventually(lambda: has(client, b"10.0.0.2"), within=GENEROUS)
    assert quiet(client) == count + 1
    feed.again()
    feed.put(upstream(1, "10.0.0.3"))
    eventually(lambda: has(client, b"10.0.0.3"), within=GENEROUS)


def test_a_state_that_cannot_be_read_stays_and_the_others_go_on(feed: Feed, client: Delta) -> None:
    deep = b'{"a":' * 5_000 + b"1" + b"}" * 5_000
    poison = b'{"type":"upstream","id":"u2","name":"u2","checks":' + deep + b"}"
    ours = wire.encode(upstream(1, "10.0.0.2"))
    feed.writer.commit({keys.upstream("u2"): poison, keys.upstream("u1"): ours}, always=True)
    eventually(lambda: has(client, b"10.0.0.2"), within=GENEROUS)
    assert has(client, b"10.0.0.1", "upstream/u2"), "it stays as it was"


def test_what_can_be_read_again_is_kept_no_more(feed: Feed, client: Delta) -> None:
    """Of what cannot be read the last good form is kept for who begins anew."""
    kept = keys.last_forms(keys.control_plane(PLANE))
    poison = b'{"type":"route","id":'
    feed.writer.commit({keys.route("r1"): poison}, always=True)
    eventually(lambda: feed.client.exists(kept) == 1, within=GENEROUS)
    feed.put(route(1))
    eventually(lambda: feed.client.exists(kept) == 0, within=GENEROUS)
