from __future__ import annotations

import json

import msgspec
import pytest

from registries.kube.errors import Denied, Expired, KubeError, TooLarge
from registries.kube.failures import error_from_status
from registries.kube.framing import lines
from tests.conformance.api import Api, path
from tests.conformance.conversation import client_of
from tests.conformance.space import slice_of
from tests.conformance.test_continue_tokens import packed
from tests.threads import eventually


@pytest.fixture
def client(target, space):
    with client_of(target.login, space.reader()) as client:
        yield client


def test_a_large_answer_is_unpacked(space, client):
    many = [f"10.0.{i // 250}.{i % 250 + 1}" for i in range(1000)]
    for name in "abcd":
        space.make("endpointslices", slice_of(name, many))
    assert len(msgspec.json.decode(client.get(space.slices))["items"]) == 4


def test_a_watch_is_lines_that_another_thread_may_end(space, client):
    version = space.put_slices("a")
    params = {"watch": "true", "resourceVersion": version}
    stream = client.watch(space.slices, params, silence=5.0)
    space.label("a", x="y")
    found = lines(stream)
    assert json.loads(next(found))["type"] == "MODIFIED"
    stream.close()
    with pytest.raises(KubeError):
        list(found)
    stream.release()


def test_silence_is_told_from_an_end(space, client):
    version = space.put_slices("a")
    params = {"watch": "true", "resourceVersion": version, "timeoutSeconds": "1"}
    ended = client.watch(space.slices, params, silence=5.0)
    assert list(lines(ended)) == []
    ended.release()
    silent = client.watch(space.slices, {**params, "timeoutSeconds": "9"}, silence=0.5)
    with pytest.raises(KubeError) as caught:
        list(lines(silent))
    silent.release()
    assert caught.value.code == "silent"


def test_a_bad_token_is_unauthorized(target, space):
    with client_of(target.login, "nonsense") as client, pytest.raises(KubeError) as caught:
        client.get(space.slices)
    assert (caught.value.code, caught.value.field) == ("unauthorized", "token")


def test_a_missing_right_is_denied_and_told(space, client):
    with pytest.raises(Denied) as caught:
        client.get(path("endpointslices"))
    assert caught.value.code == "forbidden"
    assert "may not list endpointslices in all namespaces" in caught.value.text


def test_an_unknown_resource_is_denied_as_not_found(target, space):
    token = space.account("all")
    space.grant("all", {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}, everywhere=True)
    where = "/apis/discovery.k8s.io/v1/things"
    api = Api(target.login, token)
    eventually(lambda: api.get(where).status == 404)
    with client_of(target.login, token) as client, pytest.raises(Denied) as caught:
        client.get(where)
    assert caught.value.code == "not_found"


def test_an_expired_list_is_expired(space, client, compacted):
    params = {"limit": "1", "continue": packed(int(compacted), "a\0")}
    with pytest.raises(Expired):
        client.get(space.slices, params)


def test_an_expired_watch_is_expired(space, client, expired):
    params = {"watch": "true", "resourceVersion": expired}
    stream = client.watch(space.slices, params, silence=5.0)
    (line,) = lines(stream)
    stream.release()
    event = msgspec.json.decode(line)
    assert event["type"] == "ERROR"
    assert isinstance(error_from_status(msgspec.json.encode(event["object"])), Expired)


def test_a_future_version_is_too_large_and_says_when_to_come_back(space, client):
    future = str(int(space.put_slices("a")) + 1_000_000)
    with pytest.raises(TooLarge) as caught:
        client.get(
            space.slices, {"resourceVersion": future, "resourceVersionMatch": "NotOlderThan"}
        )
    assert caught.value.retry_after == 1


def test_a_question_is_posted(space, client):
    attributes = {"namespace": space.name, "group": "discovery.k8s.io", "verb": "list"}
    spec = {"resourceAttributes": {**attributes, "resource": "endpointslices"}}
    body = msgspec.json.encode(
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": spec,
        }
    )
    answer = client.post(path("selfsubjectaccessreviews"), body)
    assert msgspec.json.decode(answer)["status"]["allowed"] is True
