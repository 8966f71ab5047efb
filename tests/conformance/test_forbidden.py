from __future__ import annotations

import pytest

from tests.conformance.api import Api, path
from tests.conformance.space import READ_SLICES
from tests.threads import eventually

LIST_ONLY = {**READ_SLICES, "verbs": ["list"]}


@pytest.fixture
def stranger(target, space):
    """An account that may do nothing."""
    return Api(target.login, space.account("stranger"))


def user(space, name="stranger"):
    return f"system:serviceaccount:{space.name}:{name}"


def test_a_list_everywhere_is_refused_by_name(space, stranger):
    answer = stranger.get(path("endpointslices"))
    assert answer.failure == (403, "Forbidden")
    assert answer.json["message"] == (
        f'endpointslices.discovery.k8s.io is forbidden: User "{user(space)}" cannot list resource '
        '"endpointslices" in API group "discovery.k8s.io" at the cluster scope'
    )
    assert answer.json["details"] == {"group": "discovery.k8s.io", "kind": "endpointslices"}


def test_a_list_in_a_namespace_is_refused_by_name(space, stranger):
    answer = stranger.get(space.path("secrets"))
    assert answer.failure == (403, "Forbidden")
    assert answer.json["message"] == (
        f'secrets is forbidden: User "{user(space)}" cannot list resource "secrets" '
        f'in API group "" in the namespace "{space.name}"'
    )
    assert answer.json["details"] == {"kind": "secrets"}


def test_one_object_is_refused_by_its_name_whether_or_not_it_exists(space, stranger):
    answer = stranger.get(space.path("secrets", "x"))
    assert answer.json["message"].startswith('secrets "x" is forbidden: User "')
    assert answer.json["details"] == {"name": "x", "kind": "secrets"}


def test_a_watch_is_refused_as_a_verb_of_its_own(target, space):
    token = space.account("half")
    space.grant("half", LIST_ONLY)
    api = Api(target.login, token)
    eventually(lambda: api.get(space.slices).status == 200)
    answer = api.get(space.slices, watch="true")
    assert answer.failure == (403, "Forbidden")
    assert 'cannot watch resource "endpointslices"' in answer.json["message"]


def test_a_path_that_is_no_resource_is_refused(space, stranger):
    answer = stranger.get("/metrics")
    assert answer.failure == (403, "Forbidden")
    assert answer.json["message"] == f'forbidden: User "{user(space)}" cannot get path "/metrics"'


def test_the_version_is_for_everybody_who_is_somebody(stranger):
    answer = stranger.get("/version")
    assert answer.status == 200
    assert {"major", "minor", "gitVersion"} <= answer.json.keys()
    assert answer.json["gitVersion"].startswith(f"v{answer.json['major']}.")


def test_a_role_holds_in_its_namespace_only(target, space):
    api = Api(target.login, space.reader())
    assert api.get(space.slices).status == 200
    assert api.get(path("endpointslices")).status == 403
    assert api.get(path("endpointslices", "default")).status == 403


def test_a_rule_for_one_name_admits_a_list_of_that_name(target, space):
    token = space.account("one")
    space.grant("one", {**READ_SLICES, "verbs": ["get", "list"], "resourceNames": ["a"]})
    space.put_slices("a", "b")
    api = Api(target.login, token)
    eventually(lambda: api.get(space.path("endpointslices", "a")).status == 200)
    assert api.get(space.path("endpointslices", "b")).status == 403
    assert api.get(space.slices).status == 403
    assert api.get(space.slices, fieldSelector="metadata.name=a").names == ["a"]


def test_permission_is_asked_before_existence(stranger, space):
    absent = path("endpointslices", f"{space.name}-absent")
    assert stranger.get(absent).status == 403
    assert stranger.get("/apis/nothing.example/v1/things").status == 403
