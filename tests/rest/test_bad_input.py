"""What is wrong is said where it stands, and nothing of it is saved."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps

from tests import factories

V1 = "/api/v1"
STATIC = {"kind": "static", "host": "10.0.0.1", "port": 80}
APPLICATION = {"name": "x", "hosts": ["x.org"], "upstream": {"members": [STATIC]}}
REGISTRY = {"name": "x", "server": "https://10.0.0.1", "token": "abc", "verify": False}
API = {"name": "x", "paths": [{"path": "/x", "type": "prefix"}]}
GATEWAY = {"name": "x", "settings": {"redis_url": "redis://127.0.0.1/2"}}
PLANE = {"name": "X", "slug": "x"}
REQUIRED = ["This field is required."]


def _count_rows() -> dict[str, int]:
    return {model._meta.label: model._base_manager.count() for model in apps.get_models()}


def _member(**values: Any) -> dict[str, Any]:
    return {"upstream": {"members": [STATIC, STATIC | values]}}


def _upstream(**values: Any) -> dict[str, Any]:
    return {"upstream": {"members": [STATIC]} | values}


# base body, what is wrong with it, place in the answer, part of the message there
CASES: list[tuple[str, dict[str, Any], dict[str, Any], str, str]] = [
    ("registries", REGISTRY, {"server": "http://10.0.0.1"}, "server", "starts with https://"),
    ("registries", REGISTRY, {"server": "https://10.0.0.1:99999"}, "server", "1 to 65535"),
    ("registries", REGISTRY, {"server": "https://u:p@h"}, "server", "user or a password"),
    ("registries", REGISTRY, {"server": ""}, "server", "blank"),
    ("registries", REGISTRY, {"server": None}, "server", "null"),
    ("registries", REGISTRY, {"server": ["https://h"]}, "server", "Not a valid string"),
    ("registries", REGISTRY, {"token": ""}, "token", "token is needed"),
    ("registries", REGISTRY, {"token": "a b"}, "token", "not a bearer token"),
    ("registries", REGISTRY, {"token": "x" * 20_000}, "token", "no more than 16384"),
    ("registries", REGISTRY, {"token": {"a": 1}}, "token", "Not a valid string"),
    ("registries", REGISTRY, {"ca_bundle": "hello"}, "ca_bundle", "no PEM certificates"),
    ("registries", REGISTRY, {"namespaces": ["Shop"]}, "namespaces", "not a namespace name"),
    ("registries", REGISTRY, {"namespaces": "shop"}, "namespaces", "Expected a list"),
    ("registries", REGISTRY, {"namespace_operator": "like"}, "namespace_operator", "valid choice"),
    (
        "registries",
        REGISTRY,
        {"namespace_operator": "match"},
        "namespace_patterns",
        "at least one pattern",
    ),
    (
        "registries",
        REGISTRY,
        {"namespace_operator": "match", "namespace_patterns": ["("]},
        "namespace_patterns",
        "no valid pattern",
    ),
    ("registries", REGISTRY, {"label_selector": "a in b"}, "label_selector", "label selector"),
    ("registries", REGISTRY, {"resource": "pods"}, "resource", "valid choice"),
    ("registries", REGISTRY, {"verify": "perhaps"}, "verify", "valid boolean"),
    ("registries", REGISTRY, {"control_plane": "x"}, "control_plane", "valid UUID"),
    ("registries", REGISTRY, {"name": "taken"}, "name", "exists already"),
    ("applications", APPLICATION, {"hosts": ["a b"]}, "hosts", "not a host name"),
    ("applications", APPLICATION, {"hosts": ["*.*.org"]}, "hosts", "not a host name"),
    ("applications", APPLICATION, {"path_prefix": "shop"}, "path_prefix", "starts with"),
    ("applications", APPLICATION, {"path_prefix": "/a b"}, "path_prefix", "not a URL path"),
    ("applications", APPLICATION, {"protocols": ["ftp"]}, "protocols.0", "valid choice"),
    ("applications", APPLICATION, {"protocols": []}, "protocols", "may not be empty"),
    ("applications", APPLICATION, {"labels": ["ö ö"]}, "labels", "not a label"),
    ("applications", APPLICATION, {"plugins": ["cors"]}, "plugins", "Plugins are an object"),
    ("applications", APPLICATION, {"plugins": {"cors": 1}}, "plugins", "Plugins are an object"),
    ("applications", APPLICATION, {"upstream": None}, "upstream", "null"),
    ("applications", APPLICATION, {"upstream": {}}, "upstream.members", "required"),
    ("applications", APPLICATION, _upstream(members=[]), "upstream.members", "at least one"),
    (
        "applications",
        APPLICATION,
        _upstream(members=[STATIC] * 65),
        "upstream.members",
        "at most 64",
    ),
    ("applications", APPLICATION, _member(port=0), "upstream.members.1.port", "greater than"),
    ("applications", APPLICATION, _member(port=65_536), "upstream.members.1.port", "less than"),
    ("applications", APPLICATION, _member(port=10**30), "upstream.members.1.port", "less than"),
    ("applications", APPLICATION, _member(port="http"), "upstream.members.1.port", "integer"),
    ("applications", APPLICATION, _member(host="a_b!"), "upstream.members.1.host", "neither an IP"),
    ("applications", APPLICATION, _member(weight=-1), "upstream.members.1.weight", "greater than"),
    (
        "applications",
        APPLICATION,
        _member(kind="discovery"),
        "upstream.members.1.registry",
        "required",
    ),
    (
        "applications",
        APPLICATION,
        _member(registry="00000000-0000-0000-0000-000000000000"),
        "upstream.members.1.registry",
        "does not exist",
    ),
    ("applications", APPLICATION, _member(hots="x"), "upstream.members.1.hots", "no such field"),
    (
        "applications",
        APPLICATION,
        _upstream(balance="consistent_hash"),
        "upstream.hash_key",
        "needs a key",
    ),
    ("applications", APPLICATION, _upstream(host_mode="rewrite"), "upstream.host", "which host"),
    ("applications", APPLICATION, _upstream(retries=-1), "upstream.retries", "greater than"),
    ("applications", APPLICATION, _upstream(read_timeout=0), "upstream.read_timeout", "greater"),
    ("applications", APPLICATION, _upstream(on_empty="wait"), "upstream.on_empty", "valid choice"),
    ("applications", APPLICATION, _upstream(keep_for=0), "upstream.keep_for", "greater than"),
    ("applications", APPLICATION, _upstream(keep_for=3601), "upstream.keep_for", "less than"),
    ("applications", APPLICATION, _upstream(keep_for=None), "upstream.keep_for", "null"),
    ("applications", APPLICATION, _upstream(checks=[]), "upstream.checks", "are an object"),
    ("applications", APPLICATION, {"name": "taken"}, "name", "exists already"),
    ("applications", APPLICATION, {"name": "n" * 101}, "name", "no more than 100"),
    ("apis", API, {"paths": []}, "paths", "At least one path"),
    ("apis", API, {"paths": [{"path": "x"}]}, "paths", "starts with"),
    ("apis", API, {"paths": [{"path": "/x", "type": "glob"}]}, "paths.0.type", "valid choice"),
    ("apis", API, {"paths": [{"path": "/x"}, {"path": "/x"}]}, "paths", "there twice"),
    ("apis", API, {"paths": {"path": "/x"}}, "paths.non_field_errors", "Expected a list"),
    ("apis", API, {"methods": ["FETCH"]}, "methods", "not a method"),
    (
        "apis",
        API,
        {"expressions": [{"subject": "header", "operator": "equal"}]},
        "expressions",
        "which header",
    ),
    (
        "apis",
        API,
        {"expressions": [{"subject": "body", "operator": "equal"}]},
        "expressions.0.subject",
        "valid choice",
    ),
    ("apis", API, {"name": "taken"}, "name", "of this name already"),
    ("upstreams", {"members": [STATIC]}, {"version": "default"}, "version", "already"),
    ("upstreams", {"version": "v"}, {"members": []}, "members", "at least one"),
    ("gateways", GATEWAY, {"kind": "nginx"}, "kind", "valid choice"),
    ("gateways", GATEWAY, {"settings": {"colour": "red"}}, "settings", "colour"),
    ("gateways", GATEWAY, {"settings": []}, "settings", ""),
    ("gateways", GATEWAY, {"url": "nowhere"}, "url", "valid URL"),
    ("gateways", GATEWAY, {"name": "taken"}, "name", "exists already"),
    ("control-planes", PLANE, {"slug": "a b"}, "slug", "slug"),
    ("control-planes", PLANE, {"name": "Main"}, "name", "already exists"),
    ("control-planes", PLANE, {"name": ""}, "name", "blank"),
    ("tokens", {"name": "x"}, {"expires_at": "2001-01-01T00:00:00Z"}, "expires_at", "passed"),
    ("tokens", {"name": "x"}, {"expires_at": "tomorrow"}, "expires_at", "wrong format"),
]


@pytest.fixture
def urls(plane, ruling):
    """Where to post; one of each kind is there already and is called “taken”."""
    factories.make_registry(control_plane=plane, name="taken")
    factories.make_gateway(
        control_plane=plane, name="taken", settings={"redis_url": "redis://127.0.0.1/2"}
    )
    application = factories.make_application(control_plane=plane, name="taken")
    factories.make_api(application=application, name="taken")
    base = f"{V1}/applications/{application.pk}"
    return {"apis": f"{base}/apis/", "upstreams": f"{base}/upstreams/"}


def _at(answer: Any, place: str) -> Any:
    for part in place.split("."):
        answer = answer[int(part)] if isinstance(answer, list) else answer[part]
    return answer


@pytest.mark.parametrize(("kind", "body", "wrong", "place", "message"), CASES)
def test_names_the_place_and_saves_nothing(api, urls, kind, body, wrong, place, message):
    before = _count_rows()
    answer = api.post(urls.get(kind, f"{V1}/{kind}/"), body | wrong)
    assert answer.status_code == 400, answer.content
    found = _at(answer.json(), place)
    assert isinstance(found, list)
    assert message in " ".join(map(str, found))
    assert _count_rows() == before


@pytest.mark.parametrize(
    ("kind", "body", "missing"),
    [
        ("registries", REGISTRY, "name"),
        ("registries", REGISTRY, "server"),
        ("applications", APPLICATION, "name"),
        ("applications", APPLICATION, "upstream"),
        ("apis", API, "name"),
        ("gateways", GATEWAY, "name"),
        ("control-planes", PLANE, "slug"),
        ("tokens", {"name": "x"}, "name"),
    ],
)
def test_names_what_is_missing(api, urls, kind, body, missing):
    rest = {name: value for name, value in body.items() if name != missing}
    answer = api.post(urls.get(kind, f"{V1}/{kind}/"), rest)
    assert (answer.status_code, answer.json()) == (400, {missing: REQUIRED})


def test_says_all_that_is_wrong_at_once(api, urls):
    body = {
        "name": "taken",
        "hosts": ["-"],
        "path_prefix": "x",
        "upstream": {"balance": "consistent_hash", "members": [STATIC, {"kind": "static"}]},
    }
    answer = api.post(f"{V1}/applications/", body)
    assert answer.status_code == 400
    assert answer.json().keys() == {"name", "hosts", "path_prefix", "upstream"}
    assert answer.json()["upstream"].keys() == {"hash_key", "members"}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"{", "not JSON"),
        (b'{"name": NaN}', "NaN is not a JSON number"),
        (b'{"name": 1e999}', "too large"),
        (b'{"name": "\\u0000"}', "Null characters"),
        (b'{"plugins": {"a": {"\\u0000": 1}}}', "Null characters"),
        (b'{"name": "\\ud800"}', "half of a character"),
        (b'{"name": "\xff"}', "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[" * 100 + b"]" * 100, "nested too deeply"),
        (b'"' + b"x" * 2_100_000 + b'"', "larger than 2 MB"),
    ],
)
def test_refuses_what_cannot_be_stored(api, plane, body, text):
    answer = api.generic("POST", f"{V1}/applications/", body, content_type="application/json")
    assert answer.status_code == 400
    assert text in answer.json()["detail"]


@pytest.mark.parametrize("body", [[], "text", 5, None, [{}]])
def test_a_body_is_an_object(api, plane, body):
    answer = api.post(f"{V1}/applications/", body)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("applications", 404),
        ("nothing/", 404),
        ("applications/5/", 404),
        ("registries/?page=99", 404),
        ("registries/?search=%00", 400),
        ("registries/?name=%00", 400),
        ("registries/?control_plane=x", 400),
        ("registries/?enabled=perhaps", 200),
        ("apis/?label=%00", 400),
        ("audit-entries/?since=yesterday", 400),
        ("audit-entries/99999999999999999999999/", 404),
        ("audit-entries/?actor=%00", 400),
    ],
)
def test_an_odd_address_gets_a_json_answer(api, plane, path, status):
    answer = api.get(f"{V1}/{path}")
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/json"


def test_other_bodies_than_json_are_refused(api, plane):
    answer = api.post(f"{V1}/registries/", {"name": "x"}, format="multipart")
    assert answer.status_code == 415
