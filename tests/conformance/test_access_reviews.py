from __future__ import annotations

import pytest

from tests.conformance.api import Api, path

REVIEWS = path("selfsubjectaccessreviews")


def asked(space, verb, **more):
    attributes = {"group": "discovery.k8s.io", "resource": "endpointslices", "verb": verb, **more}
    return {"spec": {"resourceAttributes": {"namespace": space.name, **attributes}}}


@pytest.mark.parametrize(("verb", "allowed"), [("list", True), ("watch", True), ("delete", False)])
def test_everybody_may_ask_what_they_may(target, space, verb, allowed):
    api = Api(target.login, space.reader())
    answer = api.post(REVIEWS, asked(space, verb))
    assert answer.status == 201
    assert answer.json["kind"] == "SelfSubjectAccessReview"
    assert answer.json["status"]["allowed"] is allowed


def test_a_role_says_nothing_of_other_namespaces(target, space):
    api = Api(target.login, space.reader())
    answer = api.post(REVIEWS, asked(space, "list", namespace="default"))
    assert answer.json["status"]["allowed"] is False


def test_the_reason_is_told_when_it_is_allowed(target, space):
    api = Api(target.login, space.reader())
    reason = api.post(REVIEWS, asked(space, "list")).json["status"]["reason"]
    assert reason.startswith("RBAC: allowed by RoleBinding ")
    assert f'to ServiceAccount "reader/{space.name}"' in reason


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {
            "resourceAttributes": {"verb": "list", "resource": "x"},
            "nonResourceAttributes": {"verb": "get", "path": "/"},
        },
    ],
)
def test_a_question_about_nothing_or_two_things_is_422(space, spec):
    answer = space.api.post(REVIEWS, {"spec": spec})
    assert answer.failure == (422, "Invalid")


def test_paths_can_be_asked_about(space):
    spec = {"nonResourceAttributes": {"verb": "get", "path": "/version"}}
    answer = space.api.post(REVIEWS, {"spec": spec})
    assert answer.json["status"]["allowed"] is True


def test_reviews_are_not_kept(space):
    assert space.api.get(REVIEWS).failure == (405, "MethodNotAllowed")
