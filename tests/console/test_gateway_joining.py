"""What a gateway's own configuration has to say: the card on its page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import yaml
from django.urls import reverse

from gateways import joining
from tests import factories

from .conftest import SECRET

if TYPE_CHECKING:
    from django.test import Client

    from .conftest import Rows

CONSOLE = "https://portolan.example.org/"


def _snippet(rows: Rows, kind: str, **settings: Any) -> str:
    made = factories.make_gateway(
        control_plane=rows.plane, name=kind, kind=kind, settings=settings, secret=SECRET
    )
    text = joining.snippet(made, CONSOLE)
    assert SECRET not in text
    return text


def test_traefik_fetches_from_an_address_that_there_is(rows: Rows, client: Client) -> None:
    said = yaml.safe_load(_snippet(rows, "traefik", provider="http"))["providers"]
    address = urlsplit(said["http"]["endpoint"])
    assert (address.scheme, address.netloc) == ("https", "portolan.example.org")
    answer = client.get(f"{address.path}?{address.query}", headers={"Authorization": "Bearer no"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://10.0.0.1:6379/3", {"endpoints": ["10.0.0.1:6379"], "db": 3}),
        ("rediss://user@10.0.0.1:6379", {"endpoints": ["10.0.0.1:6379"], "tls": {}}),
    ],
)
def test_traefik_reads_the_tree(rows: Rows, url: str, expected: dict[str, Any]) -> None:
    said = yaml.safe_load(_snippet(rows, "traefik", redis_url=url, root_key="mine"))
    found = said["providers"]["redis"]
    assert expected.items() <= found.items()
    assert found["rootKey"] == "mine"
    assert (found["username"], found["password"]) == ("USER", "PASSWORD"), "one of Traefik's own"


@pytest.mark.parametrize(
    "given",
    [
        {"provider": "http"},
        {"provider": "rest", "api_url": "http://127.0.0.1:8080"},
        {"provider": "rest", "api_url": "https://edge.example.org"},
        {"redis_url": "redis://10.0.0.1:6379"},
        {"file": "/etc/traefik/dynamic/portolan.yml"},
    ],
)
def test_no_traefik_waits_before_it_applies_a_change(rows: Rows, given: dict[str, Any]) -> None:
    static, *_dynamic = yaml.safe_load_all(_snippet(rows, "traefik", **given))
    assert static["providers"]["providersThrottleDuration"] == "0s", "Traefik's own is two seconds"


def test_envoy_is_given_its_bootstrap(rows: Rows) -> None:
    made = json.loads(_snippet(rows, "envoy"))
    assert "XDS-HOST" in json.dumps(made)


def test_apisix_needs_something_for_our_module_only(rows: Rows) -> None:
    admin = {"admin_url": "http://127.0.0.1:9180"}
    assert _snippet(rows, "apisix", **admin) == ""
    made = factories.make_gateway(
        control_plane=rows.plane,
        name="fast",
        kind="apisix",
        settings=admin | {"discovery": "portolan"},
    )
    said = yaml.safe_load(joining.snippet(made, CONSOLE))["discovery"]["portolan"]
    assert (said["gateway"], said["control_plane"]) == (str(made.pk), str(rows.plane.pk))


def test_it_is_on_the_page(page: Client, rows: Rows) -> None:
    html = page.get(reverse("gateways:gateway-detail", args=[rows.gateway.pk])).content.decode()
    assert "How it comes to us" in html
    assert "rootKey: traefik" in html


def test_settings_of_another_release_are_no_error(page: Client, rows: Rows) -> None:
    type(rows.gateway).objects.filter(pk=rows.gateway.pk).update(settings={"of": "tomorrow"})
    answer = page.get(reverse("gateways:gateway-detail", args=[rows.gateway.pk]))
    assert answer.status_code == 200
