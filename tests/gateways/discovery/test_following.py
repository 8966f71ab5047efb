"""What the compiler commits is what nginx's workers serve."""

from __future__ import annotations

import json

import pytest

from console.contract import keys, wire
from console.contract.wire import Node, Route
from tests.gateways.conftest import Serve
from tests.gateways.discovery.conftest import Plane, Server, Start, at, serves, upstream
from tests.threads import eventually


def test_a_commit_is_served_and_scaled(plane: Plane, start: Start, serve: Serve) -> None:
    ports = [serve("127.0.0.1") for _ in range(5)]
    plane.publish(upstream("shop", *ports[:3]))
    bed = start()
    for count in (3, 5, 0, 3):
        plane.publish(upstream("shop", *ports[:count]))
        serves(bed, "shop", *ports[:count])
        status, body = bed.get("shop", "/cart")
        assert status == (200 if count else 503)
        assert ("/cart" if count else "no valid upstream node") in body


def test_an_upstream_that_is_gone_is_unknown(plane: Plane, start: Start) -> None:
    plane.publish(upstream("shop", 80), upstream("cart", 81))
    bed = start()
    serves(bed, "shop", 80)
    plane.publish(gone=("shop",))
    eventually(lambda: not any(one["known"] for one in bed.looks("shop").values()))
    assert "there is no upstream shop" in bed.look("shop")["error"]
    assert bed.get("shop")[0] == 503
    serves(bed, "cart", 81)


def test_nodes_are_as_apisix_takes_them(plane: Plane, start: Start) -> None:
    """In the feed's order, IPv6 in brackets, weight and priority; none that gets no request."""
    nodes = (
        Node(host="10.0.0.2", port=80, weight=7, priority=1),
        Node(host="10.0.0.1", port=80, weight=0),
        Node(host="fd00::1", port=8080, priority=-1),
    )
    plane.publish(upstream("shop", nodes=nodes), upstream("idle", nodes=nodes[1:2]))
    bed = start()
    serves(bed, "shop", 80, 8080)
    assert bed.look("shop")["nodes"] == [
        ["10.0.0.2", 80, 7, 1],
        ["[fd00::1]", 8080, 100, -1],
    ]
    serves(bed, "idle")
    assert bed.get("idle")[0] == 503


def test_the_table_is_the_same_while_nodes_are(plane: Plane, start: Start) -> None:
    """APISIX builds balancers and health checkers anew when it gets another table."""
    plane.publish(upstream("shop", 80), upstream("cart", 81))
    bed = start(workers=1)
    serves(bed, "shop", 80)
    table = bed.look("shop")["table"]
    plane.publish(upstream("shop", 80, name="renamed", retries=3), upstream("cart", 82))
    plane.publish(upstream("cart", 83))
    serves(bed, "cart", 83)
    assert bed.look("shop")["table"] == table
    plane.taken_over().replace(
        {keys.upstream(one.id): wire.encode(one) for one in (upstream("shop", 80),)}
    )
    at(bed, "1-5")
    assert bed.look("shop")["table"] == table


def test_a_state_that_cannot_be_read_keeps_what_was_there(plane: Plane, start: Start) -> None:
    plane.publish(upstream("shop", 80), upstream("cart", 81))
    bed = start()
    serves(bed, "shop", 80)
    for bad in (b"{", b"[]", b'{"nodes":[{"host":"a","port":0}]}', b'{"nodes":[{"host":"a b"}]}'):
        plane.writer.commit({"upstream/shop": bad, "upstream/new": bad})
        plane.publish(upstream("cart", 82))
        serves(bed, "cart", 82)
        plane.publish(upstream("cart", 81))
        serves(bed, "cart", 81)
        serves(bed, "shop", 80)
        assert set(bed.control("/status")[1]["refused"]) == {"shop", "new"}
        assert "cannot be read" in bed.look("new")["error"]
    plane.publish(upstream("shop", 84), gone=("new",))
    serves(bed, "shop", 84)
    assert "refused" not in bed.control("/status")[1]


def test_more_keys_than_one_read(plane: Plane, start: Start) -> None:
    """A commit of many upstreams, and routes among them, which are nobody's business here."""
    bed = start()
    many = [upstream(f"u{n}", 1000 + n) for n in range(1200)]
    route = Route(id="r", name="r", upstream="u0")
    states = {keys.upstream(one.id): wire.encode(one) for one in many}
    plane.writer.commit({**states, keys.route("r"): wire.encode(route)})
    serves(bed, "u1199", 2199, within=20)
    assert bed.control("/status")[1]["upstreams"] == 1200
    plane.writer.commit({keys.route("r"): None})
    at(bed, plane.position)
    moved = [upstream(f"u{n}", 3000 + n) for n in range(1200)]
    plane.publish(*moved)
    serves(bed, "u1199", 4199, within=20)
    assert [one["nodes"] for one in bed.control("/dump")[1]["services"][:1]] == [
        [{"host": "127.0.0.1", "port": 3000, "weight": 100, "priority": 0}]
    ]


def test_a_few_upstreams_are_asked_for_by_their_names(plane: Plane, start: Start) -> None:
    plane.publish(*[upstream(f"u{n}", 1000 + n) for n in range(150)])
    bed = start()
    at(bed, plane.position)

    def asked(*names: str) -> dict[str, list[int]]:
        query = "&".join(f"id={name}" for name in names)
        status, found = bed.control(f"/nodes?{query}")
        assert status == 200
        assert found["position"] == plane.position
        return {one["name"]: [node["port"] for node in one["nodes"]] for one in found["services"]}

    assert asked("u7") == {"u7": [1007]}
    assert asked("u7", "u149", "u200") == {"u7": [1007], "u149": [1149]}
    assert asked() == {}
    assert asked("") == {}


def test_no_half_of_a_change_is_ever_seen(plane: Plane, start: Start) -> None:
    """All nodes of a commit have its number as weight, and no worker goes back."""
    bed = start()

    def publish(number: int) -> None:
        nodes = tuple(
            Node(host=f"10.0.{n}.{number % 250}", port=80, weight=number)
            for n in range(1 + number % 40)
        )
        plane.publish(upstream("shop", nodes=nodes))

    publish(1)
    serves(bed, "shop", 80, 80)
    newest: dict[int, int] = {}
    for number in range(2, 400):
        publish(number)
        seen = bed.look("shop")
        weights = {weight for _, _, weight, _ in seen["nodes"]}
        assert len(weights) == 1
        assert seen["count"] == 1 + min(weights) % 40
        assert min(weights) >= newest.get(seen["pid"], 0)
        newest[seen["pid"]] = min(weights)
    assert len(newest) == 2


@pytest.mark.parametrize("registered", [True, False])
def test_the_dump_has_no_secret(
    plane: Plane, valkey: Server, start: Start, registered: bool
) -> None:
    plane.publish(upstream("shop", 80))
    bed = start(redis_url=valkey.url if registered else valkey.url.replace("secret", "mistake"))
    if registered:
        serves(bed, "shop", 80)
    for path in ("/dump", "/status", "/ready", "/nodes?id=shop"):
        status, found = bed.control(path)
        text = json.dumps(found)
        assert "an-admins" not in text
        assert plane.id in text or path.startswith("/nodes")
        assert (status == 200) is (registered or path != "/ready")
    assert "an-admins" not in bed.log
