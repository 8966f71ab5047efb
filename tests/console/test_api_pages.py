"""APIs of an application: their list, their conditions, their addresses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from tests import factories

if TYPE_CHECKING:
    from django.test import Client

    from .conftest import Rows

CONDITIONS = {
    "expressions-subject": ["header", "path", "query", "header"],
    "expressions-name": ["X-Env", "", "beta", ""],
    "expressions-operator": ["equal", "regex_match", "present", "equal"],
    "expressions-value": ["test", "^/v[0-9]+/", "", ""],
    "match_any": "True",
}
API = {"name": "status", "kind": "rest", "paths": ["/status"], "paths-type": ["exact"]}


def _create(page: Client, rows: Rows, **changes: Any) -> Any:
    address = reverse("applications:api-create", args=[rows.application.pk])
    return page.post(address, API | changes)


def test_conditions_are_saved_as_they_stand(page: Client, rows: Rows) -> None:
    from applications.models import Api

    assert _create(page, rows, **CONDITIONS).status_code == 302
    api = Api.objects.get(name="status")
    assert api.match_any
    assert api.expressions == [
        {"subject": "header", "name": "X-Env", "operator": "equal", "value": "test"},
        {"subject": "path", "operator": "regex_match", "value": "^/v[0-9]+/"},
        {"subject": "query", "name": "beta", "operator": "present"},
    ]  # the blank row is none
    shown = page.get(reverse("applications:api-edit", args=[api.pk])).context["form"]
    assert [row for row, _wrong in shown.expression_rows()] == api.expressions


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (("header", "", "equal", "x"), "Say which header is meant."),
        (("cookie", "a", "larger_than", "many"), "“many” is no number"),
        (("path", "", "regex_match", ""), "Type the pattern"),
        (("moon", "x", "equal", "x"), "Choose what is compared"),
    ],
)
def test_a_wrong_condition_is_marked(
    row: tuple[str, ...], says: str, page: Client, rows: Rows
) -> None:
    names = ("subject", "name", "operator", "value")
    fine = ("header", "X-Env", "equal", "test")
    typed = {
        f"expressions-{part}": list(pair)
        for part, pair in zip(names, zip(fine, row, strict=True), strict=True)
    }
    form = _create(page, rows, **typed).context["form"]
    assert says in str(form.errors["expressions"])
    assert [wrong for _row, wrong in form.expression_rows()] == [False, True]


@pytest.mark.parametrize(
    ("asked", "shows"),
    [
        ({"paths": "/cart"}, ["http://sd.httpbin.org/shop/cart", "receives</", "/shop/cart"]),
        ({"paths": "/cart", "strip_path_prefix": "on"}, ['<code class="break">/cart</code>']),
        ({"paths": "/", "strip_path_prefix": "on"}, ["http://sd.httpbin.org/shop<", ">/</code>"]),
        ({"paths": "/ws", "kind": "websocket"}, ["ws://sd.httpbin.org/shop/ws"]),
        ({"paths": "/cart", "methods": "POST"}, ["-X POST"]),
        ({"paths": "cart"}, ["Type a path that starts with"]),
        ({"paths": "/<script>"}, ["/shop/&lt;script&gt;"]),
    ],
)
def test_the_addresses_follow_what_is_typed(
    asked: dict[str, str], shows: list[str], page: Client, rows: Rows
) -> None:
    rows.application.path_prefix = "/shop"
    rows.application.save()
    address = reverse("applications:api-preview", args=[rows.application.pk])
    html = page.get(address, {"paths-type": "prefix"} | asked).content.decode()
    for text in shows:
        assert text.replace("receives</", "the service receives") in html


def test_the_line_to_try_goes_through_the_chosen_gateway(page: Client, rows: Rows) -> None:
    other = factories.make_gateway(
        control_plane=rows.plane,
        name="west",
        url="http://west.example.org",
        settings={"redis_url": "redis://127.0.0.1:6379/4"},
    )
    address = reverse("applications:api-preview", args=[rows.application.pk])
    asked = {"paths": "/cart", "paths-type": "exact"}
    assert "curl http://127.0.0.1:9080/cart" in page.get(address, asked).content.decode()
    html = page.get(address, asked | {"gateway": str(other.pk)}).content.decode()
    assert "curl http://west.example.org/cart" in html
    assert f'value="{other.pk}" selected' in html


def test_a_path_cannot_break_out_of_the_line_to_try(page: Client, rows: Rows) -> None:
    address = reverse("applications:api-preview", args=[rows.application.pk])
    html = page.get(address, {"paths": "/a;reboot", "paths-type": "exact"}).content.decode()
    assert "curl &#x27;http://127.0.0.1:9080/a;reboot&#x27;" in html


def test_many_apis_are_searched_sorted_and_exported(page: Client, rows: Rows) -> None:
    for number in range(9):
        factories.make_api(
            application=rows.application,
            name=f"orders-{number}",
            paths=[{"path": f"/orders/{number}", "type": "exact"}],
        )
    address = reverse("applications:application-detail", args=[rows.application.pk])

    def names(query: str) -> list[str]:
        return [api.name for api in page.get(address + query).context["page"].object_list]

    assert names("?q=orders/7") == ["orders-7"]
    assert names("?sort=-name")[0] == "orders-8"
    assert 'name="q"' in page.get(address).content.decode()
    found = json.loads(page.get(address + "?q=orders/7&format=json").getvalue())
    assert [(one["name"], one["paths"]) for one in found] == [("orders-7", ["/orders/7"])]
    part = page.get(reverse("applications:api-list", args=[rows.application.pk]) + "?q=orders/7")
    assert "orders-7" in part.content.decode()
    assert "orders-6" not in part.content.decode()


def test_the_switch_of_an_api_answers_with_its_row(page: Client, rows: Rows) -> None:
    address = reverse("applications:api-unpublish", args=[rows.api.pk])
    html = page.post(address, {"next": "/"}, headers={"HX-Request": "true"}).content.decode()
    assert f'<tr id="api-{rows.api.pk}"' in html
    assert "“anything” is no longer published." in html
    rows.api.refresh_from_db()
    assert not rows.api.published


@pytest.mark.parametrize("name", ["application-detail", "application-rows", "application-edit"])
def test_pages_cost_the_same_however_much_there_is(
    name: str, page: Client, rows: Rows, django_assert_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    arguments = [] if name == "application-rows" else [rows.application.pk]
    address = reverse(f"applications:{name}", args=arguments)
    page.get(address)
    with CaptureQueriesContext(connection) as few:
        page.get(address)
    for number in range(6):
        factories.make_api(application=rows.application)
        factories.make_application(registry=rows.registry, name=f"more-{number}")
    with django_assert_num_queries(len(few)):
        page.get(address)
