"""Who cannot read a token cannot have it sent elsewhere either."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from console.secrets import Secret
from practice.testing import PracticeCluster
from registries import actions
from registries.models import Registry
from tests.factories import make_registry

pytestmark = pytest.mark.django_db


def stored(**fields: object) -> Registry:
    return Registry.objects.get(pk=make_registry(**fields).pk)


@pytest.mark.parametrize(
    "change", [{"server": "https://elsewhere.example.org:6443"}, {"verify_tls": False}]
)
def test_another_server_asks_for_the_token_again(change: dict[str, object]) -> None:
    registry = stored()
    for name, value in change.items():
        setattr(registry, name, value)
    with pytest.raises(ValidationError, match="give it again") as caught:
        actions.change_registry(registry=registry, actor=None, verify=False)
    assert list(caught.value.message_dict) == ["token"]
    registry.token = Secret("a-token")
    actions.change_registry(registry=registry, actor=None, verify=False)
    assert stored_values(registry, *change) == change


def test_a_new_name_asks_no_cluster(cluster: PracticeCluster) -> None:
    registry = stored(server=cluster.server, ca_bundle=cluster.ca, token=cluster.token)
    cluster.forget_requests()
    registry.name = "another name"
    actions.change_registry(registry=registry, actor=None)
    assert not cluster.requests()


def test_a_new_scope_asks_the_cluster(cluster: PracticeCluster) -> None:
    registry = stored(server=cluster.server, ca_bundle=cluster.ca, token=cluster.token)
    cluster.forget_requests()
    registry.namespaces = ["shop"]
    actions.change_registry(registry=registry, actor=None)
    assert cluster.requests("list", "endpointslices")


def stored_values(registry: Registry, *names: str) -> dict[str, object]:
    again = Registry.objects.get(pk=registry.pk)
    return {name: getattr(again, name) for name in names}
