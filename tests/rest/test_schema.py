"""The description fits what is described, and the page to try it runs under our policy."""

from __future__ import annotations

import re

import pytest
from django.core.management import call_command
from django.test import Client

from tests.rest.routes import all_routes

READ = ("list", "retrieve")
CRUD = (*READ, "create", "update", "partial_update", "destroy")
DRY_RUNS = ("dry_run_create", "dry_run_update", "dry_run_partial_update")

# Clients are generated from these names: they do not change.
OPERATIONS = {
    "control_planes_members": ("list", "create", "retrieve", "partial_update", "destroy"),
    "activity": ("list",),
    "apis": READ,
    "applications": (*CRUD, "dry_run", *DRY_RUNS, "publish", "unpublish"),
    "applications_apis": (*CRUD, *DRY_RUNS, "publish", "unpublish"),
    "applications_upstreams": (*CRUD, "nodes"),
    "audit_entries": READ,
    "control_planes": CRUD,
    "gateways": (*CRUD, "publications", "rendered", "serving", "status", "test", "test_unsaved"),
    "gateways_instances": ("list",),
    "registries": (
        *CRUD,
        "accept_cluster",
        "namespaces",
        "rbac",
        "resync",
        "status",
        "test",
        "test_unsaved",
    ),
    "registries_history": ("list",),
    "registries_services": READ,
    "trace": ("request",),
    "troubles": ("list",),
    "tokens": (*READ, "create", "destroy"),
    "upstreams": ("explain", "explain_choice"),
}


@pytest.fixture
def schema(api):
    return api.get("/api/v1/schema/", HTTP_ACCEPT="application/vnd.oai.openapi+json").json()


def _operations(schema):
    return [one for path in schema["paths"].values() for one in path.values()]


def test_generates_without_a_warning(capsys, tmp_path):
    target = tmp_path / "schema.yml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(target))
    assert "openapi: 3" in target.read_text()


def test_operations_keep_their_names(schema):
    expected = {f"{what}_{verb}" for what, verbs in OPERATIONS.items() for verb in verbs}
    assert {one["operationId"] for one in _operations(schema)} == expected


def test_operations_stand_under_their_rooms(schema):
    tags = {tag for one in _operations(schema) for tag in one["tags"]}
    assert tags == {"console", "registries", "applications", "gateways"}


def test_describes_every_route(schema):
    def described(pattern: str) -> str:
        return re.sub(r"<\w+:(\w+)>", r"{\1}", pattern).replace("{pk}", "{id}")

    undescribed = {"/api/v1/", "/api/v1/schema/", "/api/v1/docs/", "/api/v1/{nowhere}"}
    routes = {(described(one.pattern), one.method) for one in all_routes()}
    assert {(path, method) for path, methods in schema["paths"].items() for method in methods} == {
        one for one in routes if one[0] not in undescribed
    }


def test_says_what_can_go_wrong(schema):
    create = schema["paths"]["/api/v1/applications/"]["post"]["responses"]
    assert create.keys() == {"201", "400", "401", "409", "503"}
    delete = schema["paths"]["/api/v1/registries/{id}/"]["delete"]["responses"]
    assert delete.keys() == {"204", "401", "404", "409", "503"}


def test_secrets_are_described_as_going_in_only(schema):
    shapes = schema["components"]["schemas"]
    assert "token" in shapes["RegistryRequest"]["properties"]
    assert "token" not in shapes["Registry"]["properties"]
    assert "secret" not in shapes["Gateway"]["properties"]


def test_the_page_runs_no_inline_script(bo):
    client = Client()
    client.force_login(bo)
    answer = client.get("/api/v1/docs/")
    assert answer.status_code == 200
    page = answer.content.decode()
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", page, re.S)
    assert scripts
    assert not any(text.strip() for text in scripts)
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    for address in re.findall(r"""(?:src|href)=["']([^"']+)""", page):
        assert address.startswith("/"), address
        part = client.get(address.replace("&amp;", "&"))
        assert part.status_code == 200, address
        assert b"".join(part)
