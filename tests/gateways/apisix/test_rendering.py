"""From resources to APISIX's objects: golden files, and what they must hold to be served as
`console.contract.matching` says."""

from __future__ import annotations

import json
import re
from pathlib import Path as File
from typing import Any

import pytest

from console.contract import matching
from console.contract.matching import Request
from console.contract.wire import Node, Path, Route
from gateways.drivers.apisix import preview
from gateways.drivers.apisix.conditions import Unsupported
from gateways.drivers.apisix.plain import plain, same
from gateways.drivers.apisix.render import render
from gateways.drivers.apisix.settings import Settings
from tests.gateways.examples import EXAMPLES, REFUSED, route, upstream, where

from .cases import CASES, OLD, SETTINGS
from .routing import taken
from .rules import refusal

GOLDEN = File(__file__).parents[1] / "golden" / "apisix"
OWN = GOLDEN.with_name("apisix-own")


def only(resource: Any, settings: Settings = SETTINGS) -> dict[str, Any]:
    (found,) = render(resource, settings).values()
    return found


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_resource_is_these_objects(name: str) -> None:
    assert render(EXAMPLES[name], SETTINGS) == json.loads((GOLDEN / f"{name}.json").read_text())


def test_every_golden_file_has_its_example() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == EXAMPLES.keys()
    assert {path.stem for path in OWN.glob("*.json")} == CASES.keys()


@pytest.mark.parametrize("name", CASES)
def test_what_only_apisix_can_say_is_these_objects(name: str) -> None:
    resource, settings = CASES[name]
    found = render(resource, settings)
    assert found == json.loads((OWN / f"{name}.json").read_text())
    for place, body in found.items():
        assert refusal(place.partition("/")[0], body, release=settings.release) == ""


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("said", [SETTINGS, OLD], ids=["3", "2.15"])
def test_apisix_would_take_each_object(name: str, said: Settings) -> None:
    for place, body in render(EXAMPLES[name], said).items():
        kind, _, identity = place.partition("/")
        assert refusal(kind, body, release=said.release) == ""
        assert body["id"] == identity
        # APISIX writes numbers with 14 digits.
        assert body.get("priority", 0) < 10**14


@pytest.mark.parametrize("name", REFUSED["apisix"])
def test_what_cannot_be_said_is_refused_with_its_reason(name: str) -> None:
    resource, word = REFUSED["apisix"][name]
    with pytest.raises(Unsupported, match=word):
        render(resource, SETTINGS)
    assert word in preview(SETTINGS, {"one": resource}).refused["one"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_object_is_the_same_with_what_apisix_adds(name: str) -> None:
    for place, body in render(EXAMPLES[name], SETTINGS).items():
        kind = place.partition("/")[0]
        stored = {"create_time": 1, "update_time": 2, **body}
        stored |= {"status": 1} if kind == "routes" else {"hash_on": body.get("hash_on", "vars")}
        assert plain(kind, stored) == body
        assert same(body, plain(kind, stored))
        assert not same(body, plain(kind, {**stored, "desc": "by hand"}))


def test_defaults_of_plugins_are_no_difference() -> None:
    wanted = only(route(plugins={"limit-count": {"count": 1, "time_window": 60}}))
    stored = {**wanted, "plugins": {"limit-count": {**wanted["plugins"]["limit-count"], "x": 1}}}
    assert same(wanted, stored)
    assert not same(stored, wanted)
    assert not same(wanted, {**wanted, "plugins": {}})


def test_a_health_check_says_its_defaults() -> None:
    checks = {"active": {"http_path": "/up", "healthy": {"successes": 1}}}
    said = only(upstream(checks=checks))["checks"]["active"]
    assert said["http_path"] == "/up"
    assert said["healthy"] == {"interval": 1, "http_statuses": [200, 302], "successes": 1}
    assert "unhealthy" not in said


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("remote_addr", {"key": "remote_addr"}),
        ("header:X-User", {"hash_on": "header", "key": "X-User"}),
        ("http_x_user", {"hash_on": "header", "key": "x_user"}),
        ("cookie:session", {"hash_on": "cookie", "key": "session"}),
        ("query:user", {"key": "arg_user"}),
        ("request_method", {"hash_on": "vars_combinations", "key": "$request_method"}),
    ],
)
def test_the_key_of_a_consistent_hash(key: str, said: dict[str, str]) -> None:
    body = only(upstream(balance="consistent_hash", hash_key=key))
    assert {name: body[name] for name in ("hash_on", "key") if name in body} == said
    assert refusal("upstreams", body) == ""


def test_a_node_of_weight_zero_is_left_out() -> None:
    """APISIX asks a single node whatever its weight is."""
    nodes = (Node(host="a.org", port=80, weight=0), Node(host="b.org", port=80))
    assert [node["host"] for node in only(upstream(nodes=nodes))["nodes"]] == ["b.org"]
    assert only(upstream(nodes=nodes[:1]))["nodes"] == []


def test_the_discovery_module_brings_nodes() -> None:
    settings = Settings(admin_url="http://127.0.0.1:9180", discovery="portolan")
    body = only(upstream(), settings)
    assert (body["discovery_type"], body["service_name"]) == ("portolan", "u1")
    assert body == only(upstream(nodes=()), settings)


def test_a_persons_plugins_and_ours_are_one() -> None:
    theirs = {"proxy-rewrite": {"headers": {"set": {"X": "1"}}}, "redirect": {"ret_code": 301}}
    body = only(route(plugins=theirs, strip_prefix="/shop", redirect_https=True))
    assert body["plugins"]["proxy-rewrite"].keys() == {"headers", "regex_uri"}
    assert body["plugins"]["redirect"] == {"ret_code": 301, "http_to_https": True}


@pytest.mark.parametrize(
    ("asked", "sent"),
    [("/shop", "/"), ("/shop/", "/"), ("/shop/a/b", "/a/b"), ("/shop/a\nb", "/a\nb")],
)
def test_a_prefix_is_stripped(asked: str, sent: str) -> None:
    pattern, template = only(route(strip_prefix="/shop"))["plugins"]["proxy-rewrite"]["regex_uri"]
    assert re.sub(pattern, template.replace("$1", r"\1"), asked, count=1) == sent


def test_a_path_is_compared_as_nginx_decodes_it() -> None:
    assert only(route(paths=(Path(path="/a%20b"),)))["uris"] == ["/a b", "/a b/*"]


@pytest.mark.parametrize("path", [Path(path="/a+b/c"), Path(path="/x/a*b", exact=True)])
def test_a_path_that_uris_cannot_say_is_a_condition(path: Path) -> None:
    body = only(route(paths=(path,)))
    assert body["uris"] in (["/*"], ["/x/*"])
    ((name, operator, value),) = body["vars"]
    assert name == "uri"
    for asked in ("/a+b/c", "/a+b/c/d", "/a+b/cd", "/aab/c", "/x/a*b", "/x/a*b/c"):
        fits = value == asked if operator == "==" else bool(re.search(value, asked))
        assert fits is matching.path_fits(path, asked)


def test_an_asterisk_in_a_host_is_one_label() -> None:
    body = only(route(hosts=("*.a-b.org",)))
    ((name, operator, pattern),) = body["vars"]
    assert (body["hosts"], name, operator) == (["*.a-b.org"], "host", "~~")
    for host in ("x.a-b.org", "x.y.a-b.org", "a-b.org", ".a-b.org", "x.a-bxorg"):
        assert bool(re.search(pattern, host)) is matching.host_fits("*.a-b.org", host)


def test_release_2_15_compares_larger_or_equal_in_another_way() -> None:
    one = where(("header", "larger_equal", "X-Age", "18"))
    assert only(one)["vars"] == [["http_x_age", ">=", "18"]]
    negated, number = only(one, OLD)["vars"]
    assert negated == ["http_x_age", "!", "<", "18"]
    for text, fits in (("18", True), (" 1.5 ", True), ("-3e5", True), ("many", False), ("", False)):
        assert bool(re.search(number[2], text)) is fits
    either = where(
        ("header", "larger_equal", "X-Age", "18"), ("query", "present", "old", ""), match_any=True
    )
    assert only(either, OLD)["vars"][0][1][0] == "AND"


def test_parts_of_a_route_keep_their_names_when_others_come() -> None:
    two = render(route(hosts=("a.org", "*.b.org")), SETTINGS)
    three = render(route(hosts=("a.org", "*.b.org", "*.long.org")), SETTINGS)
    assert len(two) == 2
    assert two.items() <= three.items()


def test_each_of_many_odd_paths_has_a_part_of_its_own() -> None:
    """Of a thousand names of four digits some are the same."""
    paths = tuple(Path(path=f"/a+{number}") for number in range(1000))
    found = render(route(paths=paths), SETTINGS)
    assert len(found) == 1000
    assert len({str(body["vars"]) for body in found.values()}) == 1000
    assert all(len(name.partition("/")[2]) <= 64 for name in found)


@pytest.mark.parametrize(
    "odd",
    [
        route(plugins={"proxy-rewrite": None}, strip_prefix="/shop"),
        route(plugins={"redirect": ["/x"]}, redirect_https=True),
        route(paths=(Path(path="*"),)),
        upstream(checks={"active": {"healthy": 1}, "passive": {1: 2}, "x": {}}, nodes=(None,)),
    ],
    ids=["a plugin that is none", "a plugin that is a list", "a path of no shape", "no node"],
)
def test_a_shape_that_nobody_foresaw_is_refused_and_stops_nothing(odd: Any) -> None:
    found = preview(SETTINGS, {"one": odd, "other": route(id="r2")})
    assert odd.name in found.refused["one"]
    assert "cannot be said" in found.refused["one"]
    assert found.documents.keys() == {"routes/portolan-r2"}


ROUTES = (
    route(id="r1", hosts=("a.org",), paths=(Path(path="/"),)),
    route(id="r2", hosts=("a.org", "b.org"), paths=(Path(path="/shop"),)),
    route(id="r3", hosts=("a.org",), paths=(Path(path="/shop", exact=True),)),
    route(id="r4", hosts=("a.org",), paths=(Path(path="/shop/"),)),
    route(id="r5", hosts=("a.org",), paths=(Path(path="/shop"),), methods=("POST",)),
    route(id="r6", hosts=("*.org",), paths=(Path(path="/shop/cart/deep"),)),
    route(id="r7", hosts=(), paths=(Path(path="/shop/cart"), Path(path="/"))),
    route(id="r8", hosts=("*.a.org", "*.org"), paths=(Path(path="/x"), Path(path="/shop"))),
    where(("header", "equal", "X-Env", "test"), id="r9", hosts=("a.org",)),
)


@pytest.mark.parametrize("host", ["a.org", "b.org", "c.a.org", "d.c.a.org", "other.net"])
@pytest.mark.parametrize(
    "path", ["/", "/shop", "/shop/", "/shop/cart", "/shop/cart/deep", "/shopping", "/x", "/cart"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_apisix_takes_the_route_that_matching_says(host: str, path: str, method: str) -> None:
    """By the rules of its router radixtree_host_uri, which is the default of release 3."""
    request = Request(host=host, path=path, method=method)
    verdicts = [matching.judge(one, request) for one in ROUTES]
    fitting = [one for one in verdicts if one.fits]
    wanted = max(fitting, key=lambda one: one.rank).route if fitting else None
    objects = [body for one in ROUTES for body in render(one, SETTINGS).values()]
    found = taken(objects, request)
    assert (found and found["id"].partition(".")[0]) == (wanted and f"portolan-{wanted.id}")


def test_a_route_of_everything_has_its_uris() -> None:
    body = only(Route(id="r1", name="all", upstream="u1"))
    assert body["uris"] == ["/*"]
    assert "hosts" not in body
