"""Rotating a token: the new one is tried before the old one is given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from django.urls import reverse

from console.secrets import Secret
from tests import factories

if TYPE_CHECKING:
    from django.test import Client

    from console.models import ControlPlane
    from practice.testing import PracticeCluster
    from registries.models import Registry


@pytest.fixture
def registry(plane: ControlPlane, cluster: PracticeCluster) -> Registry:
    return factories.make_registry(
        control_plane=plane,
        name="kept",
        server=cluster.server,
        ca_bundle=cluster.ca,
        token=cluster.token,
    )


@pytest.fixture
def new(cluster: PracticeCluster) -> str:
    return cluster.mint_token("portolan/portolan-discovery", expires=30 * 86_400)


def address(registry: Registry, name: str = "registry-rotate") -> str:
    return reverse(f"registries:{name}", args=[registry.pk])


def kept(registry: Registry) -> str:
    registry.refresh_from_db()
    return registry.token.reveal()


def test_the_new_token_takes_the_place_of_the_old_one(
    page: Client, registry: Registry, new: str
) -> None:
    from console.models import AuditEntry

    revision = registry.revision
    answer = page.post(address(registry), {"way": "token", "token": f" {new}\n"})
    assert answer.status_code == 302
    assert kept(registry) == new
    assert registry.revision == revision + 1
    entry = AuditEntry.objects.get(object_id=registry.pk, verb=AuditEntry.Verb.CHANGED)
    assert (entry.actor_name, entry.after) == ("bo", {"token": "(replaced)"})
    assert new not in str(entry.before) + str(entry.after)


@pytest.mark.parametrize("token", ["nonsense", ""])
def test_one_that_the_cluster_refuses_changes_nothing(
    token: str, page: Client, registry: Registry, cluster: PracticeCluster
) -> None:
    answer = page.post(address(registry), {"way": "token", "token": token})
    assert answer.context["form"].errors["token"]
    assert kept(registry) == cluster.token
    html = answer.content.decode()
    assert cluster.token not in html
    assert "nonsense" not in html


def test_one_that_may_not_watch_changes_nothing(
    page: Client, registry: Registry, cluster: PracticeCluster
) -> None:
    weak = cluster.mint_token("none/nobody")
    answer = page.post(address(registry), {"way": "token", "token": weak})
    assert "may not list" in str(answer.context["form"].errors["token"])
    assert kept(registry) == cluster.token


def test_the_same_token_is_no_rotation(
    page: Client, registry: Registry, cluster: PracticeCluster
) -> None:
    answer = page.post(address(registry), {"way": "token", "token": cluster.token})
    assert "stored already" in str(answer.context["form"].errors["token"])


def test_a_kubeconfig_of_the_same_server_will_do(
    page: Client, registry: Registry, cluster: PracticeCluster, new: str
) -> None:
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    config["users"][0]["user"]["token"] = new
    text = yaml.safe_dump(config)
    other = text.replace(cluster.server, "https://10.9.9.9")
    answer = page.post(address(registry), {"way": "kubeconfig", "kubeconfig": other})
    assert "another server" in str(answer.context["form"].errors["kubeconfig"])
    assert kept(registry) == cluster.token
    answer = page.post(address(registry), {"way": "kubeconfig", "kubeconfig": text})
    assert answer.status_code == 302
    assert kept(registry) == new


def test_both_ends_are_shown_and_no_token(
    page: Client, registry: Registry, cluster: PracticeCluster, new: str
) -> None:
    registry.token = cluster.mint_token("portolan/portolan-discovery", expires=7200)
    registry.save()
    html = page.get(address(registry)).content.decode()
    assert "in 1 h" in html or "in 2 h" in html
    look = address(registry, "registry-rotate-look")
    html = page.post(look, {"way": "token", "token": new}).content.decode()
    assert html.count("<time") == 2
    assert html.count("portolan:portolan-discovery") == 2
    assert new not in html
    html = page.post(look, {"way": "token", "token": cluster.mint_token("a/b", expires=60)})
    assert "another service account" in html.content.decode()
    assert "ends before the stored one" in html.content.decode()


def test_a_token_file_renews_itself(page: Client, plane: ControlPlane) -> None:
    registry = factories.make_registry(control_plane=plane, name="mounted")
    registry.token, registry.token_file = Secret(), "/run/token"
    registry.save()
    html = page.get(address(registry)).content.decode()
    assert "there is nothing to do here" in html
    assert "<textarea" not in html
