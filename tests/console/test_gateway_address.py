"""Where a gateway is reached is an administrator's to say: *Try it* sends there what is typed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from gateways.models import Gateway

from .test_gateways import _filled

if TYPE_CHECKING:
    from django.test import Client

    from .conftest import Rows

INSIDE = "http://10.0.0.7:8500"
SETTINGS = {"redis_url": "redis://127.0.0.1:1/0"}


def _create(page: Client, **values: str) -> Any:
    return page.post(reverse("gateways:gateway-create"), _filled(**values))


def _send(page: Client, method: str, url: str, body: dict[str, Any]) -> Any:
    address = f"/api/v1/gateways/{url}"
    return getattr(page, method)(address, json.dumps(body), content_type="application/json")


def test_an_editor_gives_none(page: Client, rows: Rows) -> None:
    answer = page.get(reverse("gateways:gateway-create"))
    assert answer.context["form"].fields["url"].disabled
    assert "Only an administrator of the control plane gives a gateway its address." in (
        answer.content.decode()
    )
    _create(page, name="far", url=INSIDE)
    assert Gateway.objects.get(name="far").url == ""


def test_an_editor_changes_everything_else(page: Client, rows: Rows) -> None:
    before = rows.gateway.url
    edit = reverse("gateways:gateway-edit", args=[rows.gateway.pk])
    typed = _filled(name="edge", description="new", url=INSIDE, secret="pw")
    page.post(edit, typed | {"secret_choice": "replace"})
    rows.gateway.refresh_from_db()
    assert (rows.gateway.description, rows.gateway.url) == ("new", before)


def test_an_administrator_gives_one(ruler: Client, rows: Rows) -> None:
    _create(ruler, name="far", url=INSIDE)
    assert Gateway.objects.get(name="far").url == INSIDE


def test_a_wrong_one_is_told_at_its_field(ruler: Client, rows: Rows) -> None:
    form = _create(ruler, name="far", url="nowhere at all").context["form"]
    assert "valid URL" in " ".join(form.errors["url"])


def test_rest_goes_by_the_same_rule(ruler: Client, rows: Rows) -> None:
    body = {"name": "far", "kind": "traefik", "settings": SETTINGS, "url": INSIDE}
    assert _send(ruler, "post", "", body).status_code == 201


def test_an_administrator_tries_one_out_without_naming_a_control_plane(
    ruler: Client, rows: Rows
) -> None:
    body = {"kind": "traefik", "settings": SETTINGS, "url": "http://169.254.169.254"}
    answer = _send(ruler, "post", "test/", body)
    assert answer.status_code == 200, answer.content


def test_an_editor_takes_none_away(page: Client, rows: Rows) -> None:
    before = rows.gateway.url
    answer = _send(page, "patch", f"{rows.gateway.pk}/", {"url": ""})
    assert answer.status_code == 400
    assert "administrator" in answer.json()["url"][0]
    rows.gateway.refresh_from_db()
    assert rows.gateway.url == before != ""


@pytest.mark.parametrize(("method", "url"), [("post", ""), ("post", "test/"), ("patch", "{pk}/")])
def test_rest_refuses_an_editor_s(method: str, url: str, page: Client, rows: Rows) -> None:
    body: dict[str, Any] = {"url": INSIDE}
    if method == "post":
        body |= {"kind": "traefik", "settings": SETTINGS}
        body |= {"name": "far"} if not url else {}
    answer = _send(page, method, url.format(pk=rows.gateway.pk), body)
    assert answer.status_code == 400, answer.content
    assert "administrator" in answer.json()["url"][0]
    assert not Gateway.objects.filter(url=INSIDE).exists()


def test_rest_takes_an_editor_s_other_changes(page: Client, rows: Rows) -> None:
    same = {"description": "new", "url": rows.gateway.url}
    assert _send(page, "patch", f"{rows.gateway.pk}/", same).status_code == 200


def test_a_test_of_the_connection_leaves_metadata_alone(ruler: Client, rows: Rows) -> None:
    Gateway.objects.filter(pk=rows.gateway.pk).update(
        url="http://169.254.169.254", settings=SETTINGS, secret=b""
    )
    html = ruler.post(reverse("gateways:gateway-test", args=[rows.gateway.pk])).content.decode()
    assert "connects to no such address" in html
