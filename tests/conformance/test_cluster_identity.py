"""The uid of kube-system, by which a cluster can be told from another at the same address."""

from __future__ import annotations

import pytest

from tests.conformance.api import Api, path
from tests.threads import eventually

KUBE_SYSTEM = path("namespaces", "", "kube-system")
RULE = {
    "apiGroups": [""],
    "resources": ["namespaces"],
    "verbs": ["get"],
    "resourceNames": ["kube-system"],
}


def forbidden(space, name):
    user = f"system:serviceaccount:{space.name}:identity"
    return (
        f'namespaces "{name}" is forbidden: User "{user}" cannot get resource "namespaces" '
        f'in API group "" in the namespace "{name}"'
    )


def test_a_rule_for_that_name_is_enough(target, space):
    api = Api(target.login, space.account("identity"))
    space.grant("identity", RULE, everywhere=True)
    eventually(lambda: api.get(KUBE_SYSTEM).status == 200)
    uid = api.get(KUBE_SYSTEM).json["metadata"]["uid"]
    assert uid
    assert uid == space.api.get(KUBE_SYSTEM).json["metadata"]["uid"]
    assert api.get(KUBE_SYSTEM, resourceVersion="0").json["metadata"]["uid"] == uid
    assert api.get(path("namespaces")).status == 403


@pytest.mark.parametrize("name", ["kube-system", "default", "portolan-absent"])
def test_without_one_every_name_is_refused_alike(target, space, name):
    answer = Api(target.login, space.account("identity")).get(path("namespaces", "", name))
    assert answer.failure == (403, "Forbidden")
    assert answer.json["message"] == forbidden(space, name)
    assert answer.json["details"] == {"name": name, "kind": "namespaces"}
