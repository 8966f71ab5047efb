"""From an API to its route."""

from __future__ import annotations

from typing import Any

import pytest

from applications.compiler import join, route
from console.contract import wire
from tests.applications.specs import api_spec, application, static, upstream_spec


@pytest.mark.parametrize(
    ("prefix", "path", "joined"),
    [
        ("/", "/", "/"),
        ("/", "/cart", "/cart"),
        ("/", "/cart/", "/cart/"),
        ("/shop", "/", "/shop"),
        ("/shop", "/cart", "/shop/cart"),
        ("/shop/", "/cart", "/shop/cart"),
        ("/shop/v1", "/cart/total", "/shop/v1/cart/total"),
    ],
)
def test_a_path_lies_below_its_prefix(prefix: str, path: str, joined: str) -> None:
    assert join(prefix, path) == joined


@pytest.mark.parametrize(
    ("of_application", "of_api", "expected"),
    [
        ({}, {}, {"paths": (wire.Path(path="/cart"),), "hosts": ("shop.example.org",)}),
        ({"hosts": ()}, {}, {"hosts": ()}),
        ({"hosts": ("a.org", "*.a.org")}, {}, {"hosts": ("a.org", "*.a.org")}),
        (
            {"path_prefix": "/shop"},
            {"paths": (("/z", "exact"), ("/a", "prefix"), ("/a", "exact"))},
            {
                "paths": (
                    wire.Path(path="/shop/a"),
                    wire.Path(path="/shop/a", exact=True),
                    wire.Path(path="/shop/z", exact=True),
                ),
                "strip_prefix": "",
            },
        ),
        ({"path_prefix": "/shop"}, {"strip_path_prefix": True}, {"strip_prefix": "/shop"}),
        ({"path_prefix": "/"}, {"strip_path_prefix": True}, {"strip_prefix": ""}),
        ({"protocols": ("http",)}, {}, {"redirect_https": False}),
        ({"protocols": ("https",)}, {}, {"redirect_https": True}),
        ({"protocols": ("http", "https")}, {}, {"redirect_https": False}),
        ({}, {"methods": ("POST", "GET")}, {"methods": ("GET", "POST")}),
        ({}, {"websocket": True}, {"websocket": True}),
        (
            {"plugins": {"a": {"x": 1}, "b": {}}},
            {"plugins": {"a": {"x": 2}}},
            {"plugins": {"a": {"x": 2}, "b": {}}},
        ),
        (
            {},
            {"expressions": (wire.Expression(subject="path", operator="equal", value="/x"),)},
            {"expressions": (wire.Expression(subject="path", operator="equal", value="/x"),)},
        ),
        ({}, {"match_any": True}, {"match_any": True}),
    ],
)
def test_routes(
    of_application: dict[str, Any], of_api: dict[str, Any], expected: dict[str, Any]
) -> None:
    found = route(application(static("10.0.0.1"), **of_application), api_spec(**of_api))
    for name, value in expected.items():
        assert getattr(found, name) == value
    assert found.digest == wire.digest(found)
    assert found.name == "app1/cart"


def test_a_route_leads_to_the_default_version() -> None:
    versions = (
        upstream_spec(static("10.0.0.1"), id="u1", version="v1"),
        upstream_spec(
            static("10.0.0.2"),
            id="u2",
            version="v2",
            host_mode="rewrite",
            host="inner.org",
            retries=3,
        ),
    )
    found = route(application(upstreams=versions, default_version="v2"), api_spec())
    assert (found.upstream, found.rewrite_host, found.retries) == ("u2", "inner.org", 3)
    found = route(application(upstreams=versions, default_version="v1"), api_spec())
    assert (found.upstream, found.rewrite_host, found.retries) == ("u1", "", None)


def test_the_host_is_rewritten_only_if_that_is_wished() -> None:
    kept = (upstream_spec(static("a"), host_mode="pass", host="inner.org"),)
    assert route(application(upstreams=kept), api_spec()).rewrite_host == ""
