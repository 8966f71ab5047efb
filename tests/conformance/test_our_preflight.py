from __future__ import annotations

import pytest

from registries.kube import preflight
from tests.conformance.conversation import spec_of
from tests.conformance.space import READ_SLICES
from tests.threads import eventually


def steps(found):
    return [(one.step, one.ok) for one in found]


UP_TO_THE_TOKEN = [("dns", True), ("connection", True), ("tls", True), ("token", True)]


def check(target, token, **more):
    return preflight.check(spec_of(target.login, token, **more), allow_loopback=True)


def test_a_reader_of_a_namespace_passes_there(target, space):
    found = check(target, space.reader(), namespace=space.name)
    assert steps(found) == [*UP_TO_THE_TOKEN, ("list", True), ("watch", True)]
    assert "Kubernetes v1." in str(found[3])


def test_a_reader_of_everything_passes_everywhere(target, space):
    found = check(target, space.reader(everywhere=True))
    assert steps(found)[-2:] == [("list", True), ("watch", True)]


def test_a_role_is_not_enough_for_everything(target, space):
    found = check(target, space.reader())
    assert steps(found)[-1] == ("list", False)
    assert found[-1].field == "token"
    assert "kubectl create clusterrole" in found[-1].command


def test_a_list_without_a_watch_is_told(target, space):
    token = space.account("half")
    space.grant("half", {**READ_SLICES, "verbs": ["list"]})
    wanted = [*UP_TO_THE_TOKEN, ("list", True), ("watch", False)]
    eventually(lambda: steps(check(target, token, namespace=space.name)) == wanted)


def test_endpoints_will_do(target, space):
    token = space.account("old")
    rule = {"apiGroups": [""], "resources": ["endpoints"], "verbs": ["list", "watch"]}
    space.grant("old", rule)
    wanted = [*UP_TO_THE_TOKEN, ("list", True), ("watch", True)]
    eventually(lambda: steps(check(target, token, namespace=space.name)) == wanted)


@pytest.mark.parametrize("token", ["nonsense", "a.b.c"])
def test_a_bad_token_is_told(target, token):
    found = check(target, token)
    assert steps(found) == [*UP_TO_THE_TOKEN[:-1], ("token", False)]
    assert found[-1].field == "token"


def test_another_authority_is_told(target, space):
    from practice.testing import PracticeCluster

    with PracticeCluster() as other:
        spec = spec_of(target.login, space.reader())
        spec = type(spec)(
            id="1", name="x", server=spec.server, ca_bundle=other.ca, token=spec.token
        )
        found = preflight.check(spec, allow_loopback=True)
    assert steps(found) == [("dns", True), ("connection", True), ("tls", False)]
    assert found[-1].field == "ca_bundle"
