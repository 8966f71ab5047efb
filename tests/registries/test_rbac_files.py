"""The rights that docs/ asks for are enough, and no more than is said there."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from practice.testing import PracticeCluster
from registries.kube import preflight
from registries.kube.client import Client
from registries.kube.errors import Denied
from registries.kube.identity import Identity
from registries.kube.spec import RegistrySpec
from tests.registries.reflecting import spec_of

DOCS = Path(__file__).parents[2] / "docs"
ACCOUNT = "portolan/portolan-discovery"


def apply(cluster: PracticeCluster, name: str, *, namespace: str = "") -> None:
    for thing in yaml.safe_load_all((DOCS / name).read_text()):
        if namespace:
            thing["metadata"].setdefault("namespace", namespace)
        if thing["kind"] != "Secret":
            cluster.apply(thing)


def client(spec: RegistrySpec) -> Client:
    return Client(spec, allow_loopback=True)


def works(spec: RegistrySpec) -> bool:
    return all(finding.ok for finding in preflight.check(spec, allow_loopback=True))


def test_the_cluster_role_is_enough_for_everything(cluster: PracticeCluster) -> None:
    apply(cluster, "rbac.yaml")
    spec = spec_of(cluster, token=cluster.mint_token(ACCOUNT))
    assert works(spec)
    assert works(spec_of(cluster, token=spec.token, resource="endpoints"))
    identity = Identity(client(spec))
    identity.check()
    uid = cluster.get("namespaces", "", "kube-system")["metadata"]["uid"]
    assert identity.seen == uid


def test_the_cluster_role_gives_no_more(cluster: PracticeCluster) -> None:
    apply(cluster, "rbac.yaml")
    reader = client(spec_of(cluster, token=cluster.mint_token(ACCOUNT)))
    for path in (
        "/api/v1/namespaces",
        "/api/v1/namespaces/default",
        "/api/v1/secrets",
        "/api/v1/namespaces/kube-system/pods",
    ):
        with pytest.raises(Denied):
            reader.get(path)
    reader.close()


def test_roles_are_enough_for_their_namespace_and_the_identity(cluster: PracticeCluster) -> None:
    cluster.delete("clusterrolebindings", "", "portolan-discovery")
    cluster.put_service("shop", "web", addresses=["10.0.0.1"])
    apply(cluster, "rbac-namespaced.yaml", namespace="shop")
    spec = spec_of(cluster, token=cluster.mint_token(ACCOUNT), namespaces=("shop",))
    assert works(spec)
    assert not works(spec_of(cluster, token=spec.token))
    identity = Identity(client(spec))
    identity.check()
    assert identity.seen == "", "not readable: unknown, and no failure"
    apply(cluster, "rbac-identity.yaml")
    identity.check()
    assert identity.seen
    with pytest.raises(Denied):
        client(spec).get("/api/v1/namespaces/default")
