"""Django admin saves and deletes through the actions, and shows no secret."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import pytest
from django.contrib import admin
from django.urls import reverse

from tests import factories

from .conftest import SECRET, TOKEN

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

    from .conftest import Rows

REGISTRY = {
    "name": "by-admin",
    "enabled": "on",
    "server": "https://10.0.0.1:6443",
    "token": "typed-token",
    "verify_tls": "on",
    "resource": "auto",
    "address_family": "prefer_ipv4",
    "draining": "ready",
}
UPSTREAM = {
    "scheme": "http",
    "balance": "roundrobin",
    "connect_timeout": "60000",
    "send_timeout": "60000",
    "read_timeout": "60000",
    "host_mode": "pass",
    "on_empty": "fail",
    "keep_for": "30",
    "members-INITIAL_FORMS": "0",
    "members-MIN_NUM_FORMS": "1",
    "members-MAX_NUM_FORMS": "64",
}


@pytest.fixture
def desk(client: Client, ada: User) -> Client:
    """Ada's browser, logged in."""
    client.force_login(ada)
    return client


def _verbs(row: Any) -> list[tuple[str, str]]:
    from console.models import AuditEntry

    entries = AuditEntry.objects.filter(object_id=row.pk).order_by("id")
    return [(entry.actor_name, entry.verb) for entry in entries]


def test_every_page_opens_and_shows_no_secret(desk: Client, rows: Rows) -> None:
    for model in admin.site._registry:
        if model._meta.app_label == "auth":
            continue
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        addresses = [reverse(f"{name}_changelist")]
        addresses += [
            reverse(f"{name}_change", args=[row.pk]) for row in model._default_manager.all()[:1]
        ]
        if model._meta.model_name in ("registry", "application", "upstream", "api", "gateway"):
            addresses.append(reverse(f"{name}_add"))
        for address in addresses:
            answer = desk.get(address)
            assert answer.status_code == 200, address
            html = answer.content.decode()
            assert TOKEN not in html
            assert SECRET not in html


def test_every_object_is_there(desk: Client, rows: Rows) -> None:
    names = {model._meta.model_name for model in admin.site._registry}
    assert names >= {
        "controlplane",
        "apitoken",
        "auditentry",
        "registry",
        "application",
        "upstream",
        "api",
        "gateway",
    }


def test_a_registry_is_made_changed_and_deleted_by_the_actions(desk: Client, rows: Rows) -> None:
    from registries.models import Registry

    typed = REGISTRY | {"control_plane": str(rows.plane.pk)}
    answer = desk.post(reverse("admin:registries_registry_add"), typed)
    assert answer.status_code == 302, answer.context["errors"]
    registry = Registry.objects.get(name="by-admin")
    assert registry.token.reveal() == "typed-token"
    address = reverse("admin:registries_registry_change", args=[registry.pk])
    desk.post(address, typed | {"token": "", "description": "changed"})
    registry.refresh_from_db()
    assert registry.token.reveal() == "typed-token"
    assert registry.revision == 1
    desk.post(reverse("admin:registries_registry_delete", args=[registry.pk]), {"post": "yes"})
    assert _verbs(registry) == [("ada", "created"), ("ada", "changed"), ("ada", "deleted")]


def test_what_an_action_refuses_is_said_in_the_form(desk: Client, rows: Rows) -> None:
    from applications.models import Application

    typed = {
        "control_plane": str(rows.plane.pk),
        "name": "twin",
        "protocols": "http",
        "hosts": "sd.httpbin.org",
        "path_prefix": "/",
        "member_kind": "static",
        "member_host": "10.0.0.1",
        "member_port": "80",
    }
    answer = desk.post(reverse("admin:applications_application_add"), typed)
    assert answer.status_code == 200
    assert "with the path prefix / already" in answer.content.decode()
    assert not Application.objects.filter(name="twin").exists()
    answer = desk.post(
        reverse("admin:applications_application_add"),
        typed | {"hosts": "twin.example.org", "member_host": "-"},
    )
    assert "neither an IP address nor a host name" in str(
        answer.context["adminform"].form.errors["member_host"]
    )
    answer = desk.post(
        reverse("admin:applications_application_add"),
        typed | {"hosts": "twin.example.org", "publish": "on"},
    )
    assert answer.status_code == 302
    application = Application.objects.get(name="twin")
    assert application.published
    assert [str(one) for one in application.upstreams.get().members.all()] == ["10.0.0.1:80"]
    assert _verbs(application) == [("ada", "created"), ("ada", "published")]


def test_an_application_with_apis_stays(desk: Client, rows: Rows) -> None:
    address = reverse("admin:applications_application_delete", args=[rows.application.pk])
    answer = desk.post(address, {"post": "yes"}, follow=True)
    assert "delete these first" in answer.content.decode()
    rows.application.refresh_from_db()
    answer = desk.post(
        reverse("admin:applications_application_changelist"),
        {"action": "delete_selected", "_selected_action": str(rows.application.pk), "post": "yes"},
        follow=True,
    )
    assert "delete these first" in answer.content.decode()
    rows.application.refresh_from_db()


def test_an_upstream_is_saved_with_its_members(desk: Client, rows: Rows) -> None:
    upstream = rows.application.upstreams.get()
    address = reverse("admin:applications_upstream_change", args=[upstream.pk])
    [member] = upstream.members.all()
    typed = UPSTREAM | {
        "members-TOTAL_FORMS": "2",
        "members-INITIAL_FORMS": "1",
        "members-0-id": str(member.pk),
        "members-0-upstream": str(upstream.pk),
        "members-0-kind": "discovery",
        "members-0-registry": str(rows.registry.pk),
        "members-0-namespace": "apisix",
        "members-0-service": "httpbin",
        "members-0-weight": "5",
        "members-0-priority": "0",
        "members-1-upstream": str(upstream.pk),
        "members-1-kind": "static",
        "members-1-host": "10.0.0.2",
        "members-1-port": "80",
        "members-1-weight": "1",
        "members-1-priority": "-1",
    }
    answer = desk.post(address, typed)
    assert answer.status_code == 302, answer.context["errors"]
    assert [str(one) for one in upstream.members.all()] == [
        "cluster-a/apisix/httpbin:",
        "10.0.0.2:80",
    ]
    assert ("ada", "changed") in _verbs(upstream)
    answer = desk.post(address, typed | {"on_empty": "keep", "keep_for": "9999"})
    assert "less than or equal to 3600" in str(answer.context["adminform"].form.errors["keep_for"])
    version = typed | {
        "application": str(rows.application.pk),
        "version": "v2",
        "members-INITIAL_FORMS": "0",
        "members-0-id": "",
        "members-0-upstream": "",
        "members-1-upstream": "",
    }
    answer = desk.post(reverse("admin:applications_upstream_add"), version)
    assert answer.status_code == 302, answer.context["errors"]
    assert rows.application.upstreams.get(version="v2").members.count() == 2
    answer = desk.post(
        reverse("admin:applications_upstream_delete", args=[upstream.pk]),
        {"post": "yes"},
        follow=True,
    )
    assert "the application&#x27;s default version" in answer.content.decode()


def test_an_upstream_for_no_application_is_an_error_and_no_crash(desk: Client, rows: Rows) -> None:
    typed = UPSTREAM | {
        "version": "v2",
        "members-TOTAL_FORMS": "1",
        "members-0-kind": "discovery",
        "members-0-registry": str(rows.registry.pk),
        "members-0-namespace": "apisix",
        "members-0-service": "httpbin",
        "members-0-weight": "5",
        "members-0-priority": "0",
    }
    answer = desk.post(reverse("admin:applications_upstream_add"), typed)
    assert "application" in answer.context["adminform"].form.errors


def test_an_api_and_a_gateway_are_saved(desk: Client, rows: Rows) -> None:
    from applications.models import Api
    from gateways.models import Gateway

    answer = desk.post(
        reverse("admin:applications_api_add"),
        {
            "application": str(rows.application.pk),
            "name": "by-admin",
            "kind": "rest",
            "paths": '[{"path": "/admin"}]',
            "publish": "on",
        },
    )
    assert answer.status_code == 302, answer.context["errors"]
    assert Api.objects.get(name="by-admin").published
    gateway = {
        "control_plane": str(rows.plane.pk),
        "name": "by-admin",
        "kind": "traefik",
        "url": "127.0.0.1:9080",
        "settings": '{"redis_url": "redis://127.0.0.1/3"}',
        "secret": "typed-secret",
    }
    answer = desk.post(reverse("admin:gateways_gateway_add"), gateway)
    assert answer.status_code == 302, answer.context["errors"]
    assert Gateway.objects.get(name="by-admin").secret.reveal() == "typed-secret"


def test_the_audit_log_cannot_be_touched(desk: Client, rows: Rows) -> None:
    from console.models import AuditEntry

    entry = AuditEntry.objects.first()
    assert entry is not None
    address = reverse("admin:console_auditentry_delete", args=[entry.pk])
    assert desk.post(address, {"post": "yes"}).status_code == 403
    assert desk.get(reverse("admin:console_auditentry_add")).status_code == 403


def test_a_token_is_revoked_by_the_action(desk: Client, rows: Rows, ada: User) -> None:
    from console import actions

    token, _text = actions.create_api_token(user=ada, name="ci")
    desk.post(reverse("admin:console_apitoken_delete", args=[token.pk]), {"post": "yes"})
    assert ("ada", "deleted") in _verbs(token)


def test_lists_do_not_grow_in_queries(
    desk: Client, rows: Rows, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        factories.make_registry(control_plane=rows.plane, name=f"more-{number}")
    with django_assert_max_num_queries(9):
        desk.get(reverse("admin:registries_registry_changelist"))


def test_the_admin_is_for_superusers_through_the_consoles_login(
    client: Client, rows: Rows, bo: User
) -> None:
    address = reverse("admin:registries_registry_changelist")
    answer = client.get(address, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/login/?next=/admin/")
    client.force_login(bo)
    answer = client.get(address, follow=True)
    assert answer.status_code == 403
    assert "administrators of the whole console" in answer.content.decode()


def test_no_page_of_the_admin_holds_a_secret(desk: Client, rows: Rows, ada: User, bo: User) -> None:
    """Every link is followed, from the first page on; of the ways to narrow and sort a list, one of
    each."""
    from console import actions
    from console.models import AuditEntry

    token, text = actions.create_api_token(user=bo, name="crawled")
    desk.post(
        reverse("admin:registries_registry_add"),
        REGISTRY | {"control_plane": str(rows.plane.pk)},
    )
    secrets = [TOKEN, SECRET, text, token.digest, ada.password, bo.password, REGISTRY["token"]]
    hashed = [one.password.rpartition("$")[2][:6] for one in (ada, bo)]
    secrets += hashed  # not even the beginning of a hash
    seen: set[str] = set()
    left = [reverse("admin:index")]
    while left:
        address = left.pop()
        path, _mark, query = address.partition("?")
        kind = f"{path}?{'&'.join(sorted(one.partition('=')[0] for one in query.split('&')))}"
        if kind in seen or "/logout/" in address or "&" in query:
            continue
        seen.add(kind)
        answer = desk.get(address)
        assert answer.status_code in (200, 302), address
        html = answer.content.decode()
        assert [one for one in secrets if one in html] == [], address
        left += [
            urljoin(address, unescape(found)).partition("#")[0]
            for found in re.findall(r'href="([^"]+)"', html)
            if urljoin(address, unescape(found)).startswith("/admin/")
        ]
    opened = {one.partition("?")[0] for one in seen}
    for row in (rows.registry, rows.gateway, rows.application, rows.api, token, bo):
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}"
        assert {
            reverse(f"{name}_{page}", args=[row.pk]) for page in ("change", "history")
        } <= opened
    entry = AuditEntry.objects.first()
    assert entry is not None
    assert reverse("admin:console_auditentry_change", args=[entry.pk]) in opened


@pytest.mark.parametrize("model", ["console.AuditEntry", "registries.Transition"])
def test_history_is_to_look_at(desk: Client, rows: Rows, ada: User, model: str) -> None:
    from django.apps import apps
    from django.test import RequestFactory

    request = RequestFactory().get("/")
    request.user = ada
    history = admin.site._registry[apps.get_model(model)]
    assert history.has_view_permission(request)
    assert not history.has_add_permission(request)
    assert not history.has_change_permission(request)
    assert not history.has_delete_permission(request)


def test_every_model_can_be_narrowed_and_searched(db: None) -> None:
    for model, shown in admin.site._registry.items():
        assert len(shown.list_display) > 1, model
        assert shown.search_fields, model
        if model._meta.model_name != "controlplane":
            assert shown.list_filter, model


def test_a_role_is_changed_by_the_action(desk: Client, rows: Rows, bo: User) -> None:
    member = rows.plane.memberships.get(user=bo)
    address = reverse("admin:console_membership_change", args=[member.pk])
    assert desk.post(address, {"role": "admin"}).status_code == 302
    assert _verbs(member) == [("ada", "changed")]
    answer = desk.post(address, {"role": "viewer"})
    assert "The last admin of “Default” stays" in answer.content.decode()
    member.refresh_from_db()
    assert member.role == "admin"


def test_an_account_is_changed_with_an_entry(desk: Client, rows: Rows, bo: User) -> None:
    from console.models import AuditEntry

    address = reverse("admin:auth_user_change", args=[bo.pk])
    answer = desk.post(
        address,
        {
            "username": "bo",
            "email": "bo@example.org",
            "is_active": "on",
            "memberships-TOTAL_FORMS": "0",
            "memberships-INITIAL_FORMS": "0",
        },
    )
    assert answer.status_code == 302, answer.context["errors"]
    entry = AuditEntry.objects.get(object_type="user", object_id=str(bo.pk))
    assert (entry.before, entry.after) == ({"email": ""}, {"email": "bo@example.org"})


def test_the_admin_wears_the_consoles_coat(desk: Client, rows: Rows) -> None:
    desk.cookies["portolan_theme"] = "dark"
    html = desk.get(reverse("admin:index")).content.decode()
    assert '<meta name="theme" content="dark">' in html
    assert "css/admin" in html
    assert "Back to the console" in html
