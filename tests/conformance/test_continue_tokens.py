from __future__ import annotations

import base64
import json

import pytest


def packed(version: int, start: str) -> str:
    """A token as the server makes them: the version of the first page and where to go on."""
    said = {"v": "meta.k8s.io/v1", "rv": version, "start": start}
    return base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "token",
    [
        "garbage",
        "e30",
        "!!!!",
        packed(0, "a"),
        base64.urlsafe_b64encode(b'{"v":"v9","rv":1,"start":"a"}').decode().rstrip("="),
    ],
)
def test_a_garbage_token_is_400(space, token):
    answer = space.api.get(space.slices, limit=2, **{"continue": token})
    assert answer.failure == (400, "BadRequest")
    assert "continue key is not valid" in answer.json["message"]


def test_a_token_reaches_nothing_outside_of_its_list(space):
    answer = space.api.get(space.slices, limit=2, **{"continue": packed(5, "../../x")})
    assert answer.failure == (400, "BadRequest")


def test_an_expired_token_is_410_with_a_token_for_the_rest(space, compacted):
    space.put_slices("a", "b", "c")
    token = packed(int(compacted), "a\0")
    gone = space.api.get(space.slices, limit=1, **{"continue": token})
    assert gone.failure == (410, "Expired")
    assert "The provided continue parameter is too old" in gone.json["message"]
    again = gone.json["metadata"]["continue"]
    rest = space.api.get(space.slices, limit=1, **{"continue": again})
    assert rest.names == ["b"]
    last = space.api.get(space.slices, **{"continue": rest.json["metadata"]["continue"]})
    assert last.names == ["c"]
    assert int(last.version) > int(compacted)


def test_a_version_beside_a_token_is_400(space):
    space.put_slices("a", "b")
    page = space.api.get(space.slices, limit=1)
    token = page.json["metadata"]["continue"]
    answer = space.api.get(
        space.slices, limit=1, resourceVersion=page.version, **{"continue": token}
    )
    assert answer.failure == (400, "BadRequest")
    assert "specifying resource version is not allowed" in answer.json["message"]
