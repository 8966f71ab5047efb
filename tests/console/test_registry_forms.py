"""The form of a service registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from .conftest import TOKEN

if TYPE_CHECKING:
    from django.test import Client

    from console.models import ControlPlane
    from practice.testing import PracticeCluster

    from .conftest import Rows

TYPED = {
    "name": "cluster-b",
    "enabled": "on",
    "server": "https://10.0.0.1:6443",
    "token": "typed-token",
    "verify_tls": "on",
    "resource": "auto",
    "address_family": "prefer_ipv4",
    "draining": "ready",
    "deletion_guard": "on",
}


KEPT = TYPED | {"token": ""}


def _create(page: Client, **changes: str) -> Any:
    return page.post(reverse("registries:registry-create"), TYPED | changes)


def test_it_saves_what_was_typed(page: Client, plane: ControlPlane) -> None:
    from console.models import AuditEntry
    from registries.models import Registry

    answer = _create(
        page,
        namespaces="shop, billing\n apisix",
        namespace_operator="match",
        namespace_patterns="team-.*",
    )
    registry = Registry.objects.get()
    assert answer.headers["Location"] == reverse("registries:registry-detail", args=[registry.pk])
    assert registry.token.reveal() == "typed-token"
    assert registry.namespaces == ["shop", "billing", "apisix"]
    assert registry.namespace_patterns == ["team-.*"]
    assert AuditEntry.objects.get(object_id=registry.pk).actor_name == "bo"


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "", "This field is required."),
        ("server", "http://10.0.0.1", "starts with https://"),
        ("server", "https://10.0.0.1:99999", "port is 1 to 65535"),
        ("token", "two words", "not a bearer token"),
        ("token", "", "A service account token is needed."),
        ("namespaces", "Not_A_Name", "is not a namespace name"),
        ("namespace_operator", "match", "needs at least one pattern"),
        ("label_selector", "a b c", "not a label selector"),
        ("ca_bundle", "no certificate", "no PEM certificates"),
    ],
)
def test_each_error_stands_at_its_field(
    field: str, value: str, says: str, page: Client, plane: ControlPlane
) -> None:
    from registries.models import Registry

    answer = _create(page, **{field: value})
    place = {"namespace_operator": "namespace_patterns"}.get(field, field)
    errors = answer.context["form"].errors
    assert list(errors) == [place]
    assert says in str(errors[place])
    assert not Registry.objects.exists()
    html = answer.content.decode()
    assert html.count(" autofocus") == 1
    assert "typed-token" not in html
    assert 'value="cluster-b"' in html or field == "name"


def test_a_name_that_is_taken_is_said_at_the_name(page: Client, rows: Rows) -> None:
    errors = _create(page, name="cluster-a").context["form"].errors
    assert "exists already" in str(errors["name"])


def test_an_empty_token_keeps_the_stored_one(page: Client, rows: Rows) -> None:
    address = reverse("registries:registry-edit", args=[rows.registry.pk])
    html = page.get(address).content.decode()
    assert "Leave this empty to keep it" in html
    assert TOKEN not in html
    answer = page.post(address, KEPT | {"server": rows.registry.server, "description": "moved"})
    assert answer.status_code == 302
    rows.registry.refresh_from_db()
    assert rows.registry.description == "moved"
    assert rows.registry.token.reveal() == TOKEN


def test_a_token_file_takes_the_place_of_the_token(page: Client, rows: Rows) -> None:
    address = reverse("registries:registry-edit", args=[rows.registry.pk])
    page.post(address, TYPED | {"token": "", "token_file": "/run/token"})
    rows.registry.refresh_from_db()
    assert not rows.registry.token
    assert rows.registry.token_file == "/run/token"


def test_what_the_cluster_refuses_is_said_at_the_field(
    page: Client, plane: ControlPlane, cluster: PracticeCluster
) -> None:
    from registries.models import Registry

    asked = {"server": cluster.server, "ca_bundle": cluster.ca, "verify": "on"}
    answer = _create(page, **asked, token="wrong")
    assert "token" in answer.context["form"].errors
    assert not Registry.objects.exists()
    answer = _create(page, **asked, token=cluster.token)
    assert answer.status_code == 302


def test_it_is_switched_off_and_on(page: Client, rows: Rows) -> None:
    address = reverse("registries:registry-switch", args=[rows.registry.pk])
    for enabled in (False, True):
        page.post(address, {"enabled": "1" if enabled else "0"})
        rows.registry.refresh_from_db()
        assert rows.registry.enabled is enabled


def test_one_in_use_is_not_deleted_and_says_by_whom(page: Client, rows: Rows) -> None:
    address = reverse("registries:registry-delete", args=[rows.registry.pk])
    html = page.post(address, {"name": "cluster-a"}).content.decode()
    assert "The registry is in use" in html
    rows.registry.refresh_from_db()


def test_deleting_wants_the_name(page: Client, rows: Rows) -> None:
    from gateways.models import Gateway

    address = reverse("gateways:gateway-delete", args=[rows.gateway.pk])
    assert "This is not the name" in page.post(address, {"name": "edg"}).content.decode()
    assert page.post(address, {"name": "edge"}).status_code == 302
    assert not Gateway.objects.exists()


def test_a_token_that_was_typed_in_vain_is_asked_for_again(
    page: Client, plane: ControlPlane
) -> None:
    html = _create(page, server="http://10.0.0.1").content.decode()
    assert "Paste it again" in html
    assert "typed-token" not in html
