"""An application with its upstream on one page, and its APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

if TYPE_CHECKING:
    from django.test import Client

    from console.contract import wire

    from .conftest import Publish, Rows


def _typed(rows: Rows, **changes: Any) -> dict[str, Any]:
    return {
        "name": "shop",
        "protocols": ["http"],
        "hosts": "Shop.example.org",
        "path_prefix": "/",
        "upstream-scheme": "http",
        "upstream-balance": "roundrobin",
        "upstream-connect_timeout": "60000",
        "upstream-send_timeout": "60000",
        "upstream-read_timeout": "60000",
        "upstream-host_mode": "pass",
        "upstream-on_empty": "fail",
        "upstream-keep_for": "30",
        "members-TOTAL_FORMS": "1",
        "members-INITIAL_FORMS": "0",
        "members-0-kind": "discovery",
        "members-0-registry": str(rows.registry.pk),
        "members-0-namespace": "apisix",
        "members-0-service": "httpbin",
        "members-0-service_port": "80-80",
        "members-0-weight": "100",
        "members-0-priority": "0",
    } | changes


def _create(page: Client, rows: Rows, **changes: Any) -> Any:
    return page.post(reverse("applications:application-create"), _typed(rows, **changes))


def test_it_is_saved_whole(page: Client, rows: Rows) -> None:
    from applications.models import Application

    answer = _create(
        page,
        rows,
        **{
            "labels": "team:shop, beta",
            "publish": "on",
            "members-TOTAL_FORMS": "3",
            "members-1-kind": "static",
            "members-1-host": "10.0.0.9",
            "members-1-port": "8080",
            "members-1-weight": "10",
            "members-1-priority": "-1",
            "members-2-kind": "discovery",  # a row that was left blank
            "members-2-weight": "100",
            "members-2-priority": "0",
        },
    )
    application = Application.objects.get(name="shop")
    assert answer.headers["Location"] == reverse(
        "applications:application-detail", args=[application.pk]
    )
    assert application.hosts == ["shop.example.org"]
    assert application.labels == ["team:shop", "beta"]
    assert application.published
    members = [str(one) for one in application.upstreams.get().members.all()]
    assert members == ["cluster-a/apisix/httpbin:80-80", "10.0.0.9:8080"]


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "", "This field is required."),
        ("hosts", "not_a_host!", "is not a host name"),
        ("hosts", "sd.httpbin.org", "has sd.httpbin.org with the path prefix / already"),
        ("path_prefix", "shop", "starts with"),
        ("protocols", [], "This field is required."),
        ("plugins", "{", "valid JSON"),
        ("plugins", "[1]", "Plugins are an object"),
        ("upstream-balance", "consistent_hash", "Consistent hash needs a key"),
        ("upstream-connect_timeout", "0", "greater than or equal to 1"),
        ("members-0-registry", "", "This field is required."),
        ("members-0-service", "Not_A_Name", "not a Kubernetes name"),
        ("members-0-service_port", "70000", "number from 1 to 65535"),
        ("members-0-weight", "70000", "less than or equal to 65535"),
    ],
)
def test_each_error_stands_at_its_field(
    field: str, value: Any, says: str, page: Client, rows: Rows
) -> None:
    from applications.models import Application

    answer = _create(page, rows, **{field: value})
    assert answer.status_code == 200
    place = {"upstream-balance": "upstream-hash_key"}.get(field, field)
    html = answer.content.decode()
    said = html.split(f'id="id_{place}_error"')[1].split("</div></div>")[0]
    assert says in said.replace("&quot;", '"')
    assert Application.objects.count() == 1
    assert " autofocus" in html
    if not field.startswith("members-0-service"):
        assert 'value="httpbin"' in html  # what was typed stays


@pytest.mark.parametrize(
    ("policy", "typed", "stored"),
    [
        ("keep", "90", 90),
        ("keep", "0", "greater than or equal to 1"),
        ("keep", "3601", "less than or equal to 3600"),
        ("keep", "", "This field is required."),
        ("keep", "soon", "Enter a whole number."),
        ("fail", "", 30),  # hidden: nobody could see what is wrong with it
        ("fail", "0", 30),
        ("fail", "60", 60),
    ],
)
def test_how_long_nodes_are_kept(
    policy: str, typed: str, stored: int | str, page: Client, rows: Rows
) -> None:
    from applications.models import Upstream

    fields = {"upstream-on_empty": policy, "upstream-keep_for": typed}
    answer = _create(page, rows, **fields)
    if isinstance(stored, int):
        assert answer.status_code == 302
        row = Upstream.objects.get(application__name="shop")
        assert (row.on_empty, row.keep_for) == (policy, stored)
    else:
        html = answer.content.decode()
        said = html.split('id="id_upstream-keep_for_error"')[1].split("</div></div>")[0]
        assert stored in said
        assert '<details class="fold" open>' in html


def test_a_port_that_the_service_lacks_is_said_at_the_port(
    page: Client, rows: Rows, publish: Publish, httpbin: wire.Service
) -> None:
    publish(rows.registry, httpbin)
    answer = _create(page, rows, **{"members-0-service_port": "grpc"})
    [row] = answer.context["editor"].members.shown
    assert "it offers 80-80, m" in str(row.errors["service_port"])


def test_without_members_nothing_is_saved(page: Client, rows: Rows) -> None:
    from applications.models import Application

    answer = _create(page, rows, **{"members-0-DELETE": "on"})
    assert "An upstream needs at least one member." in answer.content.decode()
    assert Application.objects.count() == 1


def test_a_change_that_the_upstream_refuses_changes_nothing(
    page: Client, rows: Rows, publish: Publish, httpbin: wire.Service
) -> None:
    publish(rows.registry, httpbin)
    address = reverse("applications:application-edit", args=[rows.application.pk])
    typed = _typed(rows, name="renamed", **{"members-0-service_port": "grpc"})
    answer = page.post(address, typed)
    assert answer.status_code == 200
    rows.application.refresh_from_db()
    assert rows.application.name == "sd.httpbin.org"
    answer = page.post(address, typed | {"members-0-service_port": "80-80"})
    assert answer.status_code == 302
    rows.application.refresh_from_db()
    assert rows.application.name == "renamed"
    assert not rows.application.published  # the switch was not ticked


def test_the_choices_come_from_the_feed(
    page: Client, rows: Rows, publish: Publish, httpbin: wire.Service
) -> None:
    publish(rows.registry, httpbin)
    row = {
        "prefix": "members-0",
        "members-0-kind": "discovery",
        "members-0-registry": str(rows.registry.pk),
        "members-0-namespace": "apisix",
        "members-0-service": "httpbin",
        "members-0-service_port": "80-80",
    }
    for part, wanted in (
        ("namespaces", '<option value="apisix">'),
        ("services", '<option value="httpbin">'),
        ("ports", '<option value="80-80" label="80-80 · 80">'),
        ("nodes", "2 ready nodes"),
    ):
        assert wanted in page.get(reverse(f"applications:choices-{part}"), row).content.decode()
    wrong = page.get(reverse("applications:choices-nodes"), row | {"members-0-service_port": "x"})
    assert "it offers 80-80, m" in wrong.content.decode()


def test_an_application_is_published_and_withdrawn(page: Client, rows: Rows) -> None:
    for verb, published in (("unpublish", False), ("publish", True)):
        page.post(reverse(f"applications:application-{verb}", args=[rows.application.pk]))
        page.post(reverse(f"applications:api-{verb}", args=[rows.api.pk]))
        rows.application.refresh_from_db()
        rows.api.refresh_from_db()
        assert rows.application.published is rows.api.published is published


def test_deleting_says_what_goes_along_and_takes_it_along(page: Client, rows: Rows) -> None:
    from applications.models import Api, Application
    from console.models import AuditEntry

    address = reverse("applications:application-delete", args=[rows.application.pk])
    html = page.get(address).content.decode()
    assert "Gateways stop serving it. Its API goes with it: anything." in html
    assert "This is not the name" in page.post(address, {"name": "sd"}).content.decode()
    assert Api.objects.count() == 1
    assert page.post(address, {"name": "sd.httpbin.org"}).status_code == 302
    assert not Application.objects.exists()
    assert not Api.objects.exists()
    deleted = AuditEntry.objects.filter(verb="deleted").order_by("pk")
    assert [entry.object_type for entry in deleted] == ["api", "application"]


API = {
    "name": "status",
    "kind": "rest",
    "paths": ["/status", ""],
    "paths-type": ["exact", "prefix"],
}


def test_an_api_is_saved_with_its_paths(page: Client, rows: Rows) -> None:
    from applications.models import Api

    address = reverse("applications:api-create", args=[rows.application.pk])
    assert (
        page.post(address, API | {"methods": ["GET", "POST"], "publish": "on"}).status_code == 302
    )
    api = Api.objects.get(name="status")
    assert api.paths == [{"path": "/status", "type": "exact"}]
    assert api.methods == ["GET", "POST"]
    assert api.published
    assert api.plugins == {}
    assert api.expressions == []


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"paths": ["status"]}, "paths", "starts with"),
        ({"paths": [""]}, "paths", "This field is required"),
        ({"paths": ["/a", "/a"], "paths-type": ["exact", "exact"]}, "paths", "there twice"),
        (
            {
                "expressions-subject": "moon",
                "expressions-name": "x",
                "expressions-operator": "equal",
                "expressions-value": "1",
            },
            "expressions",
            "Choose what is compared",
        ),
        ({"name": "anything"}, "name", "has an API of this name already"),
        ({"methods": ["BREW"]}, "methods", "not one of the available choices"),
    ],
)
def test_an_apis_errors_stand_at_their_fields(
    changes: dict[str, Any], field: str, says: str, page: Client, rows: Rows
) -> None:
    address = reverse("applications:api-create", args=[rows.application.pk])
    answer = page.post(address, API | changes)
    errors = answer.context["form"].errors
    assert list(errors) == [field]
    assert says in str(errors[field])
    assert f'id="id_{field}_error"' in answer.content.decode()


def test_the_detail_page_has_the_line_to_try(page: Client, rows: Rows) -> None:
    html = page.get(
        reverse("applications:application-detail", args=[rows.application.pk])
    ).content.decode()
    assert "curl http://127.0.0.1:9080/anything -H &#x27;Host: sd.httpbin.org&#x27; -i" in html
