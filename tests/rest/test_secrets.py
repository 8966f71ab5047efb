"""Secrets go in and never come out: not from any route, not in errors, not into the audit log."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.core import serializers

from tests import factories
from tests.rest.routes import all_routes

CANARY = "canary-Zx81"


@pytest.fixture
def ids(plane):
    registry = factories.make_registry(control_plane=plane, token=f"{CANARY}.token")
    gateway = factories.make_gateway(
        control_plane=plane,
        settings={"redis_url": "redis://127.0.0.1/2"},
        secret=f"{CANARY}.secret",
    )
    application = factories.make_application(registry=registry)
    api = factories.make_api(application=application)
    return {
        "registries": registry.pk,
        "gateways": gateway.pk,
        "applications": application.pk,
        "apis": api.pk,
        "upstreams": application.upstreams.get().pk,
        "control-planes": plane.pk,
    }


def _real(url: str, ids) -> str:
    """The same address with ids of rows that are there."""
    parts = url.split("/")
    for number, part in enumerate(parts):
        if part == "00000000-0000-0000-0000-000000000000":
            parts[number] = str(ids.get(parts[number - 1], part))
    return "/".join(parts)


def test_no_route_shows_a_secret(api, ids, store, ada):
    answers = {}
    for route in all_routes():
        if route.method == "get":
            url = _real(route.url, ids)
            answers[url] = api.get(url)
    found = [url for url, answer in answers.items() if CANARY in _text(answer)]
    assert found == []
    assert sum(answer.status_code == 200 for answer in answers.values()) > 20


def test_changes_and_errors_do_not_show_it(api, ids):
    for path, body in (
        ("registries", {"token": f"{CANARY} with blanks", "verify": False}),
        ("registries", {"token": f"{CANARY}.new", "verify": False}),
        ("registries", {"token": [CANARY], "verify": False}),
        ("gateways", {"secret": f"{CANARY}.new"}),
        ("gateways", {"secret": {"a": CANARY}}),
    ):
        answer = api.patch(f"/api/v1/{path}/{ids[path]}/", body)
        assert answer.status_code in (200, 400)
        assert CANARY not in _text(answer)
    assert CANARY not in _text(api.get("/api/v1/audit-entries/"))


def test_rows_do_not_hold_it_in_the_clear(api, ids):
    dumped = serializers.serialize(
        "json", [row for model in apps.get_models() for row in model._base_manager.all()]
    )
    assert CANARY not in dumped


def _text(answer) -> str:
    return b"".join(answer.streaming_content if answer.streaming else [answer.content]).decode()
