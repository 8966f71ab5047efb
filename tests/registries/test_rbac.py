"""The manifest: enough for a registry to be watched, and no more, whatever was asked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from practice.testing import PracticeCluster
from registries import rbac
from registries.kube import preflight
from registries.kube.client import Client
from registries.kube.errors import Denied
from registries.kube.identity import Identity
from registries.kube.preflight import State
from registries.kube.spec import RegistrySpec
from registries.rbac import TokenBy, Wish
from tests.registries.reflecting import spec_of

# kubectl is the wheel's, as in tests/practice/test_kubectl.py.
PATH = f"{Path(sys.executable).parent}:/usr/bin:/bin"
DOCS = Path(__file__).parents[2] / "docs"


def objects(wish: Wish) -> list[dict]:
    return list(yaml.safe_load_all(rbac.manifest(wish)))


def run(cluster: PracticeCluster, command: str, folder: Path) -> str:
    """A command of the manifest in a shell, as who administers the cluster."""
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env={"PATH": PATH, "KUBECONFIG": str(cluster.kubeconfig), "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def token_of(cluster: PracticeCluster, wish: Wish, folder: Path) -> str:
    """Do what the page says, line by line; the last line prints the token."""
    (folder / rbac.FILE).write_text(rbac.manifest(wish))
    return [run(cluster, command.text, folder) for command in rbac.commands(wish)][-1].strip()


def closely(spec: RegistrySpec) -> list[preflight.Finding]:
    found = preflight.walk(spec, allow_loopback=True)
    return [one for one in found if one.state is not State.RUNNING]


@pytest.mark.parametrize("token_by", TokenBy)
def test_for_everything_it_is_enough(
    token_by: TokenBy, cluster: PracticeCluster, tmp_path: Path
) -> None:
    token = token_of(cluster, Wish(token_by=token_by, home="intake"), tmp_path)
    found = closely(spec_of(cluster, token=token))
    assert {one.state for one in found} == {State.PASSED}, "nothing even to note"
    assert closely(spec_of(cluster, token=token, resource="endpoints"))[-1].ok


def test_for_some_namespaces_it_is_enough_there_and_only_there(
    cluster: PracticeCluster, tmp_path: Path
) -> None:
    for namespace in ("shop", "billing", "other"):
        cluster.put_service(namespace, "web", addresses=["10.0.0.1"])
    token = token_of(cluster, Wish(namespaces=("shop", "billing"), home="shop"), tmp_path)
    found = closely(spec_of(cluster, token=token, namespaces=("shop", "billing")))
    assert {one.state for one in found} == {State.PASSED}
    assert not all(one.ok for one in closely(spec_of(cluster, token=token)))
    assert not all(one.ok for one in closely(spec_of(cluster, token=token, namespaces=("other",))))


@pytest.mark.parametrize("namespaces", [(), ("shop",)])
def test_it_grants_nothing_else(
    namespaces: tuple[str, ...], cluster: PracticeCluster, tmp_path: Path
) -> None:
    cluster.put_service("shop", "web", addresses=["10.0.0.1"])
    token = token_of(cluster, Wish(namespaces=namespaces, home="intake"), tmp_path)
    client = Client(spec_of(cluster, token=token), allow_loopback=True)
    for path in (
        "/api/v1/namespaces",
        "/api/v1/namespaces/shop",
        "/api/v1/secrets",
        "/api/v1/namespaces/intake/secrets",
        "/api/v1/namespaces/shop/pods",
        "/api/v1/namespaces/shop/services",
        "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/web-1",
    ):
        with pytest.raises(Denied):
            client.get(path)
    client.close()


def test_the_right_to_the_identity_may_be_left_out(
    cluster: PracticeCluster, tmp_path: Path
) -> None:
    for namespaces in ((), ("shop",)):
        wish = Wish(namespaces=namespaces, home="intake", identity=False)
        assert "kube-system" not in rbac.manifest(wish)
    cluster.put_service("shop", "web", addresses=["10.0.0.1"])
    token = token_of(cluster, Wish(namespaces=("shop",), home="intake", identity=False), tmp_path)
    client = Client(spec_of(cluster, token=token), allow_loopback=True)
    identity = Identity(client)
    identity.check()
    client.close()
    assert identity.seen == ""


def test_one_resource_is_all_that_is_asked_for_where_one_is_read() -> None:
    for resource, other in (("endpointslices", "endpoints"), ("endpoints", "endpointslices")):
        [role] = [one for one in objects(Wish(resource=resource)) if one["kind"] == "ClusterRole"]
        granted = [name for rule in role["rules"] for name in rule["resources"]]
        assert resource in granted
        assert other not in granted


def test_names_that_look_like_something_else_stay_names() -> None:
    wish = Wish(namespaces=("123", "true", "null", "1e3"), home="0x1f")
    found = objects(wish)
    roles = [one for one in found if one["metadata"]["name"] == rbac.ACCOUNT]
    assert {one["metadata"]["namespace"] for one in roles if one["kind"] == "Role"} == {
        "123",
        "true",
        "null",
        "1e3",
    }
    assert all(
        subject["namespace"] == "0x1f" for one in found for subject in one.get("subjects", [])
    )


@pytest.mark.parametrize("name", ["", "A", "a b", "a\nb: c", '"', "a" * 64, "-a", "$(id)", "a;b"])
def test_what_is_no_name_never_gets_into_it(name: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - its text is the name itself
        Wish(namespaces=(name,))
    with pytest.raises(ValueError):  # noqa: PT011
        Wish(home=name)


def test_the_documented_manifest_is_the_generated_one() -> None:
    documented = {
        (one["kind"], one["metadata"]["name"]): one
        for one in yaml.safe_load_all((DOCS / "rbac.yaml").read_text())
        if one["kind"] != "Namespace"
    }
    generated = {(one["kind"], one["metadata"]["name"]): one for one in objects(Wish())}
    assert generated == documented
