from __future__ import annotations

import base64
import json

import pytest

from tests.conformance.api import Api
from tests.conformance.space import READ_SLICES
from tests.threads import eventually


@pytest.fixture
def where(space):
    space.make("serviceaccounts", {"metadata": {"name": "bob"}})
    return space.path("serviceaccounts", "bob") + "/token"


def claims(token):
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


def test_a_token_is_made_for_the_time_asked_for(target, space, where):
    answer = space.api.post(where, {"spec": {"expirationSeconds": 600}})
    assert answer.status == 201
    assert answer.json["kind"] == "TokenRequest"
    assert answer.json["status"]["expirationTimestamp"].endswith("Z")
    token = answer.json["status"]["token"]
    said = claims(token)
    assert said["exp"] - said["iat"] == 600
    assert said["sub"] == f"system:serviceaccount:{space.name}:bob"
    space.grant("bob", READ_SLICES)
    api = Api(target.login, token)
    eventually(lambda: api.get(space.slices).status == 200)


def test_an_hour_is_what_one_gets_unasked(space, where):
    answer = space.api.post(where, {"spec": {}})
    assert answer.json["spec"]["expirationSeconds"] == 3600
    said = claims(answer.json["status"]["token"])
    # A server may stretch tokens of its own audience; it never makes them shorter.
    assert said["exp"] - said["iat"] >= 3600


def test_less_than_ten_minutes_is_422(space, where):
    answer = space.api.post(where, {"spec": {"expirationSeconds": 60}})
    assert answer.failure == (422, "Invalid")
    (cause,) = answer.json["details"]["causes"]
    assert cause["field"] == "spec.expirationSeconds"
    assert "may not specify a duration less than 10 minutes" in cause["message"]


def test_a_token_for_somebody_else_is_no_token_here(target, space, where):
    answer = space.api.post(where, {"spec": {"audiences": ["elsewhere"]}})
    api = Api(target.login, answer.json["status"]["token"])
    assert api.get(space.slices).failure == (401, "Unauthorized")


def test_an_absent_account_is_404(space):
    where = space.path("serviceaccounts", "nobody") + "/token"
    answer = space.api.post(where, {"spec": {}})
    assert answer.failure == (404, "NotFound")
    assert answer.json["details"] == {"name": "nobody", "kind": "serviceaccounts"}
