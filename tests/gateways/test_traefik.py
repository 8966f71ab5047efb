"""The Traefik driver and a real Traefik: what is applied is served, in one step."""

from __future__ import annotations

import pytest

from console.contract.wire import Node, Path, Route, Upstream
from console.redis import Client
from gateways import drivers
from gateways.drivers.base import Driver, DriverError
from tests.gateways.conftest import Proxy, Serve
from tests.threads import eventually

HOST = "sd.httpbin.org"


@pytest.fixture
def tree(gateway_redis_url: str, gateway_store: Client) -> Driver:
    from urllib.parse import urlsplit

    from django.conf import settings

    password = urlsplit(settings.REDIS_URL).password or ""
    made = drivers.build(
        "traefik", {"redis_url": gateway_redis_url, "entry_points": ["web"]}, f":{password}"
    )
    made.start()
    return made


@pytest.fixture(params=["redis", "rest"])
def driver(request: pytest.FixtureRequest, proxy: Proxy) -> Driver:
    """By each of the ways in that are written to."""
    if request.param == "redis":
        found: Driver = request.getfixturevalue("tree")
        return found
    settings = {"provider": "rest", "api_url": proxy.api_url, "entry_points": ["web"]}
    made = drivers.build("traefik", settings, "")
    made.start(epoch=1)
    return made


def upstream(*nodes: tuple[str, int], **fields: object) -> Upstream:
    return Upstream(
        id="u1",
        name="app/default",
        nodes=tuple(Node(host=host, port=port) for host, port in nodes),
        **fields,
    )


def route(**fields: object) -> Route:
    values = {"hosts": (HOST,), "paths": (Path(path="/anything"),)} | fields
    return Route(id="r1", name="app/anything", upstream="u1", **values)


def test_a_published_route_is_served_and_follows_its_nodes(
    driver: Driver, proxy: Proxy, serve: Serve
) -> None:
    first, second = serve("127.0.0.1"), serve("127.0.0.2")
    assert proxy.get(HOST, "/anything")[0] == 404
    driver.replace({"upstream/u1": upstream(("127.0.0.1", first)), "route/r1": route()})
    eventually(lambda: proxy.get(HOST, "/anything")[1].startswith("127.0.0.1 "))
    driver.apply({"upstream/u1": upstream(("127.0.0.2", second))})
    eventually(lambda: proxy.get(HOST, "/anything")[1].startswith("127.0.0.2 "))


def test_no_nodes_is_503_and_no_route_is_404(driver: Driver, proxy: Proxy, serve: Serve) -> None:
    port = serve("127.0.0.1")
    driver.replace({"upstream/u1": upstream(("127.0.0.1", port)), "route/r1": route()})
    eventually(lambda: proxy.get(HOST, "/anything")[0] == 200)
    driver.apply({"upstream/u1": upstream()})
    eventually(lambda: proxy.get(HOST, "/anything")[0] == 503)
    driver.apply({"upstream/u1": upstream(("127.0.0.1", port))})
    eventually(lambda: proxy.get(HOST, "/anything")[0] == 200)
    driver.apply({"upstream/u1": None, "route/r1": None})
    eventually(lambda: proxy.get(HOST, "/anything")[0] == 404)


def test_a_prefix_ends_at_a_slash(driver: Driver, proxy: Proxy, serve: Serve) -> None:
    port = serve("127.0.0.1")
    driver.replace({"upstream/u1": upstream(("127.0.0.1", port)), "route/r1": route()})
    eventually(lambda: proxy.get(HOST, "/anything")[0] == 200)
    assert proxy.get(HOST, "/anything/more")[0] == 200
    assert proxy.get(HOST, "/anythingelse")[0] == 404
    assert proxy.get("other.example.org", "/anything")[0] == 404


def test_strips_rewrites_and_picks_by_method(driver: Driver, proxy: Proxy, serve: Serve) -> None:
    port = serve("127.0.0.1")
    driver.replace(
        {
            "upstream/u1": upstream(("127.0.0.1", port), host_mode="rewrite", host="inner.test"),
            "route/r1": route(
                paths=(Path(path="/shop/cart"),),
                strip_prefix="/shop",
                methods=("GET",),
                rewrite_host="inner.test",
                retries=2,
            ),
        }
    )
    eventually(lambda: proxy.get(HOST, "/shop/cart")[1] == "127.0.0.1 /cart inner.test")
    assert proxy.get(HOST, "/shop/cart", method="POST")[0] == 404


def test_equal_is_silent_and_foreign_keys_are_left_alone(
    tree: Driver, gateway_store: Client
) -> None:
    gateway_store.set("traefik/http/routers/mine/rule", "Host(`mine.test`)")
    resources = {"upstream/u1": upstream(("10.0.0.1", 80)), "route/r1": route()}
    assert tree.replace(resources).written > 0
    before = gateway_store.hgetall("traefik/~portolan")
    assert tree.replace(resources).written == 0
    assert tree.apply(resources).written == 0
    assert gateway_store.hgetall("traefik/~portolan") == before
    tree.replace({})
    assert gateway_store.get("traefik/http/routers/mine/rule") is not None
    ours = [key for key in gateway_store.keys("traefik/http/*portolan*") if gateway_store.get(key)]
    assert len(ours) == 1, "something has to stay, see the driver"


def test_refuses_a_server_without_keyspace_events(
    gateway_redis_url: str, gateway_store: Client, tree: Driver
) -> None:
    held = gateway_store.config_get("notify-keyspace-events")
    try:
        gateway_store.config_set("notify-keyspace-events", "")
        with pytest.raises(DriverError, match="keyspace events") as caught:
            tree.start()
        assert caught.value.permanent
    finally:
        gateway_store.config_set("notify-keyspace-events", next(iter(held.values())))


def test_what_traefik_cannot_do_is_named_and_the_rest_goes_out(driver: Driver) -> None:
    odd = route(plugins={"limit-req": {}})
    done = driver.replace({"upstream/u1": upstream(("10.0.0.1", 80)), "route/r1": odd})
    assert "limit-req" in done.refused["route/r1"]
    assert done.written > 0


def test_an_emptied_redis_is_noticed(tree: Driver, gateway_store: Client) -> None:
    tree.replace({"upstream/u1": upstream(("10.0.0.1", 80)), "route/r1": route()})
    tree.touch()
    gateway_store.flushdb()
    with pytest.raises(DriverError, match="emptied"):
        tree.touch()
