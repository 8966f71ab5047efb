from __future__ import annotations

import pytest

from tests.conformance.api import Api, path


@pytest.mark.parametrize("change", ["nonsense", "tampered", "cut"])
def test_a_bad_token_is_401_and_says_nothing_more(target, space, change):
    token = space.account("a")
    token = {"nonsense": "nonsense", "tampered": f"{token[:-6]}AAAAAA", "cut": token[:-9]}[change]
    answer = Api(target.login, token).get(space.slices)
    assert answer.failure == (401, "Unauthorized")
    assert answer.json["message"] == "Unauthorized"
    assert "details" not in answer.json


def test_a_bad_token_is_401_for_a_watch_and_for_the_version_as_well(target, space):
    api = Api(target.login, "nonsense")
    assert api.get(space.slices, watch="true").failure == (401, "Unauthorized")
    assert api.get("/version").failure == (401, "Unauthorized")


def test_without_a_token_one_is_anonymous(target):
    answer = Api(target.login, None).get(path("endpointslices"))
    if answer.status == 401:
        pytest.skip("anonymous requests are switched off here")
    assert answer.failure == (403, "Forbidden")
    assert 'User "system:anonymous" cannot list' in answer.json["message"]
