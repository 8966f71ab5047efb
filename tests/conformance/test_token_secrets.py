from __future__ import annotations

import base64
import json

import pytest

from tests.conformance.api import Api
from tests.conformance.space import READ_SLICES
from tests.threads import eventually


@pytest.fixture
def secret(space):
    """The data of a token Secret of account `bob`, who may read slices."""
    space.make("serviceaccounts", {"metadata": {"name": "bob"}})
    space.grant("bob", READ_SLICES)
    note = {"kubernetes.io/service-account.name": "bob"}
    space.make(
        "secrets",
        {
            "metadata": {"name": "bob-token", "annotations": note},
            "type": "kubernetes.io/service-account-token",
        },
    )
    where = space.path("secrets", "bob-token")
    eventually(lambda: "token" in space.api.get(where).json.get("data", {}))
    return {k: base64.b64decode(v) for k, v in space.api.get(where).json["data"].items()}


def test_it_is_filled_in_with_token_namespace_and_authority(target, space, secret):
    assert secret["namespace"].decode() == space.name
    assert b"BEGIN CERTIFICATE" in secret["ca.crt"]
    api = Api(target.login, secret["token"].decode())
    eventually(lambda: api.get(space.slices).status == 200)


def test_its_token_has_no_end(space, secret):
    claims = secret["token"].split(b".")[1]
    said = json.loads(base64.urlsafe_b64decode(claims + b"=="))
    assert "exp" not in said
    assert said["sub"] == f"system:serviceaccount:{space.name}:bob"


def test_deleting_it_ends_the_token(target, space, secret):
    api = Api(target.login, secret["token"].decode())
    eventually(lambda: api.get(space.slices).status == 200)
    space.drop("secrets", "bob-token")
    # Answers about tokens are kept for some seconds.
    eventually(lambda: api.get(space.slices).status == 401, within=20)


def test_an_account_has_none_by_itself(target, space):
    if target.minor < 24:
        pytest.skip("before 1.24 each account is given one")
    account = space.make("serviceaccounts", {"metadata": {"name": "alone"}})
    assert "secrets" not in account


def test_one_of_an_absent_account_is_refused_or_removed(space):
    note = {"kubernetes.io/service-account.name": "nobody"}
    body = {
        "metadata": {"name": "nobody-token", "annotations": note},
        "type": "kubernetes.io/service-account-token",
    }
    assert space.post("secrets", body).status == 201
    where = space.path("secrets", "nobody-token")
    eventually(lambda: space.api.get(where).status == 404)
