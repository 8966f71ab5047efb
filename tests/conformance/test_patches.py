from __future__ import annotations

import pytest

from tests.conformance.space import service_of


@pytest.fixture
def web(space):
    ports = [{"port": 80, "name": "a"}, {"port": 81, "name": "b"}]
    space.make("services", service_of("web", ports=ports))
    return space.path("services", "web")


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        ("json-patch+json", [{"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}]),
        ("merge-patch+json", {"metadata": {"labels": {"a": "b"}}}),
        ("strategic-merge-patch+json", {"metadata": {"labels": {"a": "b"}}}),
    ],
)
def test_every_kind_of_patch_is_taken(space, web, kind, patch):
    answer = space.api.patch(web, patch, kind)
    assert (answer.status, answer.json["metadata"]["labels"]) == (200, {"a": "b"})


def test_a_merge_patch_replaces_lists_and_removes_nulls(space, web):
    space.api.patch(web, {"metadata": {"labels": {"a": "b", "c": "d"}}})
    patch = {"metadata": {"labels": {"a": None}}, "spec": {"ports": [{"port": 90}]}}
    saved = space.api.patch(web, patch).json
    assert saved["metadata"]["labels"] == {"c": "d"}
    assert [port["port"] for port in saved["spec"]["ports"]] == [90]


def test_a_strategic_patch_knows_the_ports_by_number(space, web):
    patch = {"spec": {"ports": [{"port": 81, "name": "c"}, {"port": 80, "$patch": "delete"}]}}
    saved = space.api.patch(web, patch, "strategic-merge-patch+json").json
    assert [(port["port"], port["name"]) for port in saved["spec"]["ports"]] == [(81, "c")]


def test_a_strategic_patch_replaces_the_endpoints_of_a_slice(space):
    space.put_slices("a", addresses=["10.0.0.1", "10.0.0.2"])
    patch = {"endpoints": [{"addresses": ["10.0.0.3"]}]}
    where = space.path("endpointslices", "a")
    saved = space.api.patch(where, patch, "strategic-merge-patch+json").json
    assert [one["addresses"] for one in saved["endpoints"]] == [["10.0.0.3"]]


def test_json_patch_operates_on_lists(space, web):
    operations = [
        {"op": "test", "path": "/spec/ports/0/port", "value": 80},
        {"op": "add", "path": "/spec/ports/-", "value": {"port": 82, "name": "c"}},
        {"op": "remove", "path": "/spec/ports/0"},
    ]
    saved = space.api.patch(web, operations, "json-patch+json").json
    assert [port["port"] for port in saved["spec"]["ports"]] == [81, 82]


@pytest.mark.parametrize(
    ("kind", "patch", "code", "reason"),
    [
        (
            "json-patch+json",
            [{"op": "test", "path": "/spec/type", "value": "x"}],
            422,
            "Invalid",
        ),
        ("json-patch+json", [{"op": "remove", "path": "/spec/nothing"}], 422, "Invalid"),
        ("json-patch+json", {"not": "a list"}, 400, "BadRequest"),
        ("merge-patch+json", b"{not json", 400, "BadRequest"),
        ("octet-stream", {}, 415, "UnsupportedMediaType"),
    ],
)
def test_a_patch_that_cannot_be_done_is_refused(space, web, kind, patch, code, reason):
    assert space.api.patch(web, patch, kind).failure == (code, reason)


def test_a_patch_is_validated_like_an_update(space, web):
    answer = space.api.patch(web, {"spec": {"ports": [{"port": 0}]}})
    assert answer.failure == (422, "Invalid")


def test_apply_creates_and_then_merges(space):
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a"},
        "data": {"x": "1"},
    }
    where = space.path("configmaps", "a")
    space.made.append(where)
    more = {"fieldManager": "conformance"}
    assert space.api.patch(where, body, "apply-patch+yaml", **more).status == 201
    again = space.api.patch(where, {**body, "data": {"x": "2"}}, "apply-patch+yaml", **more)
    assert (again.status, again.json["data"]) == (200, {"x": "2"})
    unnamed = space.api.patch(where, body, "apply-patch+yaml")
    assert unnamed.failure[0] in (400, 422)
    assert "fieldManager" in unnamed.json["message"]
