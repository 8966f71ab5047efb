"""The route tracer: what takes a request, and why the others do not, in sentences."""

from __future__ import annotations

import time
from typing import Any

import pytest

from applications import tracing
from applications.models import Api, Upstream
from applications.tracing.tracing import Outcome
from console import redis
from console.contract import keys, patterns
from console.models import ControlPlane
from console.redis import Client
from tests import factories
from tests.applications.routing import HOST, api, application, compile_all, name_of, said, traced


@pytest.fixture
def plane(db: None, store: Client) -> ControlPlane:
    return factories.make_control_plane()


def test_the_route_that_takes_a_request(plane: ControlPlane) -> None:
    api(application(plane, "shop", path_prefix="/shop"), "cart", "/cart")
    compile_all(plane)
    found = traced(plane, "/shop/cart/7")
    assert (found.outcome, name_of(found.winner)) == (Outcome.ROUTED, "shop/cart")
    assert found.winner is not None
    assert [one.text for one in found.winner.checks] == [
        "The host shop.example.org fits shop.example.org.",
        "The path /shop/cart/7 is below the prefix /shop/cart.",
    ]
    assert found.upstream() == Upstream.objects.get()


@pytest.mark.parametrize(
    ("paths", "asked", "text"),
    [
        (["/shop"], "/x", "The path /x is not below the prefix /shop."),
        (["/shop"], "/shopping", "begins with /shop, but a prefix ends at a slash"),
        (["/shop"], "/Shop/1", "differs from /shop in upper and lower case"),
        (["/shop="], "/shop/1", "is below /shop, but that is meant exactly"),
        (["/shop="], "/x", "The path /x is not exactly /shop."),
        (["/shop/"], "/shop", "lacks the slash at the end of the prefix /shop/"),
    ],
)
def test_why_a_path_does_not_fit(
    paths: list[str], asked: str, text: str, plane: ControlPlane
) -> None:
    api(application(plane, "shop"), "all", *paths)
    compile_all(plane)
    found = traced(plane, asked)
    assert found.outcome is Outcome.NOT_FOUND
    [sentence] = said(found, "shop/all")
    assert text in sentence


@pytest.mark.parametrize(
    ("hosts", "asked", "text"),
    [
        (["a.org"], "b.org", "The host b.org is not a.org."),
        (["*.a.org"], "x.y.a.org", "does not fit *.a.org: the * is exactly one label"),
        (["*.a.org"], "a.org", "The host a.org is not *.a.org."),
    ],
)
def test_why_a_host_does_not_fit(
    hosts: list[str], asked: str, text: str, plane: ControlPlane
) -> None:
    api(application(plane, "shop", hosts=hosts), "all", "/x")
    compile_all(plane)
    [sentence] = said(traced(plane, "/x", asked), "shop/all")
    assert text in sentence


def test_why_a_method_does_not_fit(plane: ControlPlane) -> None:
    api(application(plane, "shop"), "write", "/x", methods=["POST", "PUT"])
    compile_all(plane)
    assert said(traced(plane, "/x"), "shop/write") == ["The method GET is not among POST, PUT."]
    assert traced(plane, "/x", method="PUT").outcome is Outcome.ROUTED


def test_why_an_expression_is_not_fulfilled(plane: ControlPlane) -> None:
    canary = {"subject": "header", "name": "X-Canary", "operator": "equal", "value": "1"}
    api(application(plane, "shop"), "canary", "/x", expressions=[canary])
    compile_all(plane)
    assert said(traced(plane, "/x"), "shop/canary") == [
        "It is not fulfilled: header X-Canary is “1”."
    ]
    assert traced(plane, "/x", headers="x-canary: 1").outcome is Outcome.ROUTED


@pytest.mark.parametrize(
    ("subject", "operator", "value", "asked", "holds"),
    [
        ("query", "equal", "1", {"path": "/x?n=1"}, True),
        ("query", "regex_match", "^a", {"path": "/x?n=ba"}, False),
        ("query", "present", "", {"path": "/x?n="}, True),
        ("query", "not_present", "", {"path": "/x"}, True),
        ("query", "not_equal", "1", {"path": "/x"}, True),
        ("header", "larger_than", "5", {"path": "/x", "headers": "n: 6"}, True),
        ("header", "less_equal", "5", {"path": "/x", "headers": "n: many"}, False),
        ("cookie", "equal", "1", {"path": "/x", "headers": "Cookie: a=2; n=1"}, True),
        ("path", "regex_match", "/[0-9]+$", {"path": "/x/12"}, True),
    ],
)
def test_expressions(
    subject: str, operator: str, value: str, asked: dict[str, str], holds: bool, plane: ControlPlane
) -> None:
    one = {"subject": subject, "name": "n", "operator": operator, "value": value}
    api(application(plane, "shop"), "all", "/x", expressions=[one])
    compile_all(plane)
    assert (traced(plane, **asked).outcome is Outcome.ROUTED) is holds


@pytest.mark.parametrize(
    ("subject", "operator", "value"),
    [("variable", "equal", "1"), ("path", "regex_match", "^(a+)+$")],
)
def test_what_only_the_gateway_can_tell(
    subject: str, operator: str, value: str, plane: ControlPlane
) -> None:
    shop = application(plane, "shop")
    one = {"subject": subject, "name": "n", "operator": operator, "value": value}
    api(shop, "odd", "/x", expressions=[one])
    api(shop, "all", "/")
    compile_all(plane)
    found = traced(plane, "/x")
    assert (found.outcome, name_of(found.winner)) == (Outcome.PERHAPS, "shop/all")
    assert [name_of(one) for one in found.perhaps] == ["shop/odd"]


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$", "(a|a)*$", "a*a*a*a*a*b", "a?" * 20 + "a" * 20, r"(a)\1", "x" * 300, "(", "(?=a)"],
)
def test_an_expression_that_could_take_for_ever_is_not_tried(pattern: str) -> None:
    began = time.thread_time()
    assert patterns.search(pattern, "a" * 250 + "!") is None
    assert time.thread_time() - began < 1


def test_ordinary_expressions_are_tried() -> None:
    for pattern in ("^/cart/[0-9]+$", "a(b|c)d", r"^[^.]+\.example\.org$", "(?i)abc", "^(?:x|y)$"):
        assert patterns.search(pattern, "z") is False
    assert patterns.search("a.*b", "a" * 300) is None  # so is text of any length


@pytest.mark.parametrize(
    ("left", "right", "code"),
    [
        ({"hosts": [HOST]}, {"hosts": ["*.example.org"]}, "exact_host_wins"),
        ({"hosts": ["*.example.org"]}, {"hosts": []}, "longer_wildcard_wins"),
    ],
)
def test_why_another_host_wins(
    left: dict[str, Any], right: dict[str, Any], code: str, plane: ControlPlane
) -> None:
    api(application(plane, "left", **left), "all", "/")
    api(application(plane, "right", **right), "all", "/longer")
    compile_all(plane)
    found = traced(plane, "/longer")
    assert name_of(found.winner) == "left/all"
    [other] = found.others
    assert other.checks[-1].code == code


@pytest.mark.parametrize(
    ("winner", "loser", "code"),
    [
        (["/x/y"], ["/x"], "longer_path_wins"),
        (["/x/y="], ["/x/y"], "exact_path_wins"),
    ],
)
def test_why_another_path_wins(
    winner: list[str], loser: list[str], code: str, plane: ControlPlane
) -> None:
    shop = application(plane, "shop")
    api(shop, "winner", *winner)
    api(shop, "loser", *loser)
    compile_all(plane)
    found = traced(plane, "/x/y")
    assert name_of(found.winner) == "shop/winner"
    assert found.others[0].checks[-1].code == code


def test_why_methods_and_expressions_win_and_what_is_equal(plane: ControlPlane) -> None:
    shop = application(plane, "shop")
    is_there = {"subject": "query", "name": "n", "operator": "present"}
    api(shop, "all", "/x")
    api(shop, "asked", "/x", expressions=[is_there])
    api(shop, "get", "/x", methods=["GET"])
    api(shop, "get-too", "/x", methods=["GET", "HEAD"])
    compile_all(plane)
    found = traced(plane, "/x?n=1")
    assert name_of(found.winner) in ("shop/get", "shop/get-too")
    codes = {name_of(one): one.checks[-1].code for one in found.others}
    assert codes["shop/all"] == codes["shop/asked"] == "method_wins"
    assert sorted(codes.values()) == ["equal", "method_wins", "method_wins"]
    found = traced(plane, "/x?n=1", method="POST")
    assert name_of(found.winner) == "shop/asked"
    assert [one.checks[-1].code for one in found.others if name_of(one) == "shop/all"] == [
        "expressions_win"
    ]


def test_drafts_and_what_is_not_compiled_do_not_take_requests(plane: ControlPlane) -> None:
    shop = application(plane, "shop")
    api(shop, "draft", "/x", published=False)
    api(application(plane, "quiet", path_prefix="/x", published=False), "all", "/")
    compile_all(plane)
    api(shop, "new", "/x")
    found = traced(plane, "/x")
    assert found.outcome is Outcome.NOT_FOUND
    assert {name_of(one): one.candidate.state.value for one in found.others} == {
        "shop/draft": "draft_api",
        "quiet/all": "draft_application",
        "shop/new": "not_compiled",
    }
    assert said(found, "shop/draft") == ["The API is a draft: gateways do not know it."]


def test_what_gateways_are_told_counts_and_not_what_is_saved(plane: ControlPlane) -> None:
    row = api(application(plane, "shop"), "all", "/old")
    compile_all(plane)
    Api.objects.filter(pk=row.pk).update(paths=[{"path": "/new", "type": "prefix"}])
    assert traced(plane, "/old").outcome is Outcome.ROUTED
    Api.objects.all().delete()
    found = traced(plane, "/old")
    assert found.winner is not None
    assert found.winner.candidate.state.value == "gone"


def test_http_is_redirected_where_only_https_is_spoken(plane: ControlPlane) -> None:
    api(application(plane, "shop", protocols=["https"]), "all", "/")
    compile_all(plane)
    assert traced(plane, "/").outcome is Outcome.REDIRECTED
    assert traced(plane, "/", scheme="https").outcome is Outcome.ROUTED


def test_without_redis_rows_are_told_and_that_is_said(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    api(application(plane, "shop"), "all", "/")
    monkeypatch.setattr(redis, "_store", redis.connect("redis://127.0.0.1:1/0"))
    found = traced(plane, "/")
    assert (found.outcome, found.known, name_of(found.winner)) == (
        Outcome.ROUTED,
        False,
        "shop/all",
    )


def test_a_whole_address_is_taken_apart() -> None:
    form = tracing.Asked({"path": "HTTPS://Shop.Example.org.:8443/a%2Fb/%63?x=1#part", "host": "y"})
    assert form.is_valid(), form.errors
    assert form.request.host == HOST
    assert form.request.path == "/a%2Fb/c"
    assert form.request.query == (("x", "1"),)
    assert form.request.scheme == "https"


def test_a_route_that_cannot_be_read_hides_no_other(plane: ControlPlane) -> None:
    shop = application(plane, "shop")
    api(shop, "good", "/good")
    bad = api(shop, "bad", "/bad")
    compile_all(plane)
    feed = keys.feed(keys.control_plane(str(plane.pk)))
    redis.store().hset(feed.states, keys.route(str(bad.pk)), b"{\n")
    redis.store().hset(feed.states, keys.upstream("u"), b"[]")
    assert traced(plane, "/good").outcome is Outcome.ROUTED
    found = traced(plane, "/bad")
    assert found.outcome is Outcome.NOT_FOUND
    assert "not compiled" in said(found, "shop/bad")[0]
