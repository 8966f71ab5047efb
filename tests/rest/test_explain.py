"""Why an upstream has its nodes, and which route takes a request, by REST."""

from __future__ import annotations

import pytest

from console import redis
from console.contract import keys, wire
from console.feed import FeedWriter
from registries import health
from tests import factories

TRACE = "/api/v1/trace/"


@pytest.fixture
def registry(plane, store):
    return factories.make_registry(control_plane=plane, name="c1")


@pytest.fixture
def application(registry):
    found = factories.make_application(registry=registry, name="shop", hosts=["shop.example.org"])
    factories.make_api(application=found, name="cart", paths=[{"path": "/cart", "type": "prefix"}])
    return found


def _publish(registry, *services):
    feed = FeedWriter(redis.store(), keys.feed(keys.registry(str(registry.pk))), epoch=1)
    feed.open()
    feed.commit(
        {keys.service(one.namespace, one.name): wire.encode(one) for one in services}, always=True
    )
    health.write(redis.store(), str(registry.pk), health.Status(phase="connected", said_at=1))


def test_an_upstream_is_explained_with_what_gateways_say(api, application, registry):
    _publish(registry, wire.Service(namespace="apisix", name="other"))
    upstream = application.upstreams.get()
    found = api.get(f"/api/v1/upstreams/{upstream.pk}/explain/").json()
    assert found["application"] == str(application.pk)
    assert found["known"] is True
    assert found["compiled"] is False
    assert {one["code"] for one in found["sentences"]} == {"not_compiled", "no_gateway"}
    [member] = found["members"]
    assert member["nodes"] == []
    assert member["member"]["service"] == "httpbin"
    [sentence] = member["sentences"]
    assert sentence["code"] == "service_absent"
    assert sentence["level"] == "problem"
    assert sentence["command"] == "kubectl -n apisix get service httpbin"
    assert sentence["values"]["service"] == "httpbin"


def test_a_gateway_that_refuses_says_so(api, application, plane):
    gateway = factories.make_gateway(control_plane=plane, name="edge")
    route = keys.route(str(application.apis.get().pk))
    from gateways import health as gateway_health

    status = gateway_health.Status(phase="in_sync", refused={route: "Traefik has no plugins"})
    gateway_health.board.say(str(gateway.pk), status)
    upstream = application.upstreams.get()
    found = api.get(f"/api/v1/upstreams/{upstream.pk}/explain/").json()
    said = {one["code"]: one for one in found["sentences"]}
    assert said["gateway_refuses"]["values"] == {
        "gateway": "edge",
        "why": "Traefik has no plugins",
    }
    assert said["gateway_in_sync"]["level"] == "note"


def test_a_choice_is_explained_before_it_is_saved(api, registry):
    port = (wire.Port(port=80, name="http"),)
    ready = (wire.Endpoint(address="10.0.0.1"),)
    subsets = (wire.Subset(ports=port, endpoints=ready),)
    _publish(registry, wire.Service(namespace="apisix", name="httpbin", subsets=subsets))
    choice = {"registry": str(registry.pk), "namespace": "apisix", "service": "httpbin"}
    found = api.post("/api/v1/upstreams/explain/", {**choice, "service_port": "https"}).json()
    assert [one["code"] for one in found["sentences"]] == ["port_unknown"]
    found = api.post("/api/v1/upstreams/explain/", choice).json()
    assert (len(found["nodes"]), found["sentences"]) == (1, [])


def test_another_control_planes_rows_are_not_found(api, application):
    stranger = factories.make_registry(control_plane=factories.make_control_plane())
    theirs = factories.make_application(registry=stranger).upstreams.get()
    assert api.get(f"/api/v1/upstreams/{theirs.pk}/explain/").status_code == 404
    choice = {"registry": str(stranger.pk), "namespace": "a", "service": "b"}
    assert api.post("/api/v1/upstreams/explain/", choice).status_code == 400
    asked = {"path": "/", "control_plane": str(stranger.control_plane_id)}
    assert api.get(TRACE, asked).status_code == 400


def test_a_viewer_may_ask_about_a_choice(api, bo, registry):
    bo.memberships.update(role="viewer")
    _publish(registry)
    choice = {"registry": str(registry.pk), "namespace": "a", "service": "b"}
    assert api.post("/api/v1/upstreams/explain/", choice).status_code == 200


def test_a_trace(api, application, registry):
    # Compiled by nobody, so that it is near and not told.
    found = api.get(TRACE, {"host": "shop.example.org", "path": "/cart/7"}).json()
    assert found["outcome"] == "not_found"
    assert found["winner"] is None
    [near] = found["others"]
    assert (near["application"], near["api"], near["state"]) == ("shop", "cart", "not_compiled")
    assert [one["code"] for one in near["checks"]] == ["host", "path", "not_compiled"]


def test_a_trace_of_a_compiled_route(api, application, plane):
    row, upstream = application.apis.get(), application.upstreams.get()
    route = wire.Route(
        id=str(row.pk),
        name="shop/cart",
        upstream=str(upstream.pk),
        hosts=("shop.example.org",),
        paths=(wire.Path(path="/cart"),),
    )
    feed = FeedWriter(redis.store(), keys.feed(keys.control_plane(str(plane.pk))), epoch=1)
    feed.open()
    feed.commit({keys.route(route.id): wire.encode(route)}, always=True)
    asked = {"path": "https://Shop.Example.org:8443/cart/./7?a=1&a=2", "method": "PUT"}
    found = api.get(TRACE, asked).json()
    assert found["outcome"] == "routed"
    assert found["request"] == {
        "scheme": "https",
        "host": "shop.example.org",
        "method": "PUT",
        "path": "/cart/7",
        "query": [["a", "1"], ["a", "2"]],
        "headers": [],
    }
    assert found["winner"]["api_id"] == str(row.pk)
    assert found["upstream"]["id"] == str(upstream.pk)
    assert found["others"] == []


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"path": "cart"}, "path"),
        ({"path": "/a b"}, "path"),
        ({"host": "*.example.org"}, "host"),
        ({"host": "a b"}, "host"),
        ({"method": "GRAB"}, "method"),
        ({"scheme": "ftp"}, "scheme"),
        ({"headers": "no header"}, "headers"),
        ({"control_plane": "x"}, "control_plane"),
    ],
)
def test_what_is_no_request_is_said_at_its_field(api, plane, asked, field):
    answer = api.get(TRACE, asked)
    assert answer.status_code == 400
    assert field in str(answer.json())
