"""The timeline: what people changed and what nodes did, in one order, by filters."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from tests import factories

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

    from .conftest import Publish, Rows
    from .moves import Move

ADDRESS = "/activity/"


def sentences(answer: Any) -> list[str]:
    return [re.sub(r"<[^>]+>", "", str(line.sentence)) for line in answer.context["lines"]]


def test_both_sources_are_one_timeline(page: Client, rows: Rows, move: Move) -> None:
    move(rows.registry, "apisix/httpbin", ["a", "b", "c"], ["a", "!b", "!c"])
    factories.make_gateway(control_plane=rows.plane, name="late")
    said = sentences(page.get(ADDRESS))
    assert said[:2] == [
        "portolan created the gateway late",
        "apisix/httpbin: 3 → 1 ready – pod b became not ready, pod c became not ready",
    ]
    assert "portolan created the service registry cluster-a" in said


def test_a_change_shows_the_old_and_the_new(page: Client, rows: Rows, bo: User) -> None:
    from registries import actions

    rows.registry.description = "<b>new</b> words"
    rows.registry.namespaces = ["shop"]
    rows.registry.token = "another-token-that-nobody-may-see"
    actions.change_registry(registry=rows.registry, actor=bo, verify=False)
    html = page.get(ADDRESS).content.decode()
    assert "<strong>bo</strong> changed the service registry" in html
    assert "<del><i>empty</i></del>" in html
    assert "<ins>&lt;b&gt;new&lt;/b&gt; words</ins>" in html
    assert "<ins>(replaced)</ins>" in html
    assert "nobody-may-see" not in html


def test_long_values_are_compared_line_by_line() -> None:
    from console.timeline import diff

    before = {"plugins": {"a": {"rate": 1}, "b": {"x": list(range(30))}}, "name": "x"}
    after = {"plugins": {"a": {"rate": 2}, "b": {"x": list(range(30))}}, "name": "y"}
    name, plugins = diff.fields("application", before, after)
    assert (name.label, name.old, name.new) == ("Name", "x", "y")
    changed = [(line.sign, line.text.strip()) for line in plugins.lines if line.sign in "+-"]
    assert changed == [("-", '"rate": 1'), ("+", '"rate": 2')]
    assert len(plugins.lines) < 10


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "yes"),
        (False, "no"),
        (7, "7"),
        (["a", "b"], "a, b"),
        ("redis://:secret-word@host/0", "redis://:***@host/0"),
    ],
)
def test_values_in_words(value: object, text: str) -> None:
    from console.timeline import diff

    [field] = diff.fields("gateway", {"x": value}, {"x": None})
    assert (field.old, field.new) == (text, "")


def test_choices_are_said_by_their_labels() -> None:
    from console.timeline import diff

    [field] = diff.fields("upstream", {"balance": "ewma"}, {"balance": "roundrobin"})
    assert field.old == "fastest answers (EWMA)"


def test_a_hostile_name_is_text(page: Client, rows: Rows, move: Move) -> None:
    evil = "<script>alert(1)</script>"
    move(rows.registry, f"shop/{evil}", None, [evil, f"{evil}2"])
    html = page.get(ADDRESS).content.decode()
    assert "<script>alert" not in html
    assert html.count("&lt;script&gt;alert(1)") >= 3


def test_a_move_names_the_applications_that_use_the_service(
    page: Client, rows: Rows, move: Move
) -> None:
    move(rows.registry, "apisix/httpbin", ["a"], [])
    move(rows.registry, "shop/cart", ["a"], [])
    cart, httpbin = page.get(ADDRESS).context["lines"][:2]
    assert dict(httpbin.users) == {str(rows.application.pk): "sd.httpbin.org"}
    assert not cart.users


def test_the_object_that_is_asked_for_is_named(page: Client, rows: Rows, ada: User) -> None:
    from console import actions

    html = page.get(f"{ADDRESS}?object={rows.gateway.pk}&kind=nodes").content.decode()
    assert "Only what concerns the gateway edge" in html
    token, _text = actions.create_api_token(user=ada, name="hers")
    html = page.get(f"{ADDRESS}?object={token.pk}").content.decode()
    assert "Only what concerns one object" in html


def test_what_is_gone_has_no_link(page: Client, rows: Rows) -> None:
    from gateways import actions

    pk = rows.gateway.pk
    assert reverse("gateways:gateway-detail", args=[pk]) in page.get(ADDRESS).content.decode()
    actions.delete_gateway(gateway=rows.gateway, actor=None)
    html = page.get(ADDRESS).content.decode()
    assert reverse("gateways:gateway-detail", args=[pk]) not in html
    assert "deleted the gateway" in html


FILTERS: list[tuple[str, set[str]]] = [
    ("?q=edge", {"edge"}),
    ("?q=HTTPBIN-1", {"apisix/httpbin"}),
    ("?type=gateway", {"edge"}),
    ("?verb=published", {"sd.httpbin.org", "anything"}),
    ("?actor=nobody", set()),
    ("?kind=nodes", {"apisix/httpbin", "shop/cart"}),
    ("?kind=nodes&verb=created", set()),
    ("?service=shop", {"shop/cart"}),
    ("?service=shop/", {"shop/cart"}),
    ("?service=sho", set()),
    ("?service=apisix/httpbin", {"apisix/httpbin"}),
    ("?registry={registry}&service=shop/cart", {"shop/cart"}),
    ("?registry={registry}", {"cluster-a", "apisix/httpbin", "shop/cart"}),
    ("?registry=00000000-0000-0000-0000-000000000000&kind=nodes", {"apisix/httpbin", "shop/cart"}),
    ("?object={registry}", {"cluster-a", "apisix/httpbin", "shop/cart"}),
    ("?object={api}", {"anything"}),
    ("?object={application}", {"sd.httpbin.org", "anything", "apisix/httpbin"}),
    ("?object={application}&kind=nodes", {"apisix/httpbin"}),
    ("?object={application}&service=shop/cart", set()),
    ("?object={upstream}&kind=nodes", {"apisix/httpbin"}),
    ("?object=nonsense", set()),
    ("?since=2999-01-01T00:00", set()),
    ("?until=2000-01-01T00:00", set()),
    ("?since=2000-01-01T00:00&until=2999-01-01T00:00&kind=nodes", {"apisix/httpbin", "shop/cart"}),
    ("?until=nonsense&type=gateway", {"edge"}),
    ("?before=nonsense&type=gateway", {"edge"}),
]


@pytest.mark.parametrize(("query", "names"), FILTERS)
def test_the_timeline_is_narrowed(
    query: str, names: set[str], page: Client, rows: Rows, move: Move
) -> None:
    move(rows.registry, "apisix/httpbin", ["httpbin-0", "httpbin-1"], ["httpbin-0"])
    move(rows.registry, "shop/cart", ["cart-0"], [])
    ids = {
        "registry": rows.registry.pk,
        "api": rows.api.pk,
        "application": rows.application.pk,
        "upstream": rows.application.upstreams.get().pk,
    }
    answer = page.get(ADDRESS + query.format(**ids))
    found = {
        line.entry.change.object_name if line.entry.change else line.entry.move.service
        for line in answer.context["lines"]
    }
    assert found == names


def test_another_control_planes_entries_are_not_shown(
    page: Client, rows: Rows, move: Move, bo: User, ada: User
) -> None:
    from console import actions

    elsewhere = factories.make_control_plane(name="Zzz", slug="zzz")
    theirs = factories.make_registry(control_plane=elsewhere, name="theirs")
    move(theirs, "shop/secret", ["a"], [])
    actions.create_api_token(user=bo, name="mine")
    actions.create_api_token(user=ada, name="hers")
    for query in ("", "?q=secret", f"?registry={theirs.pk}", f"?object={theirs.pk}"):
        said = "\n".join(sentences(page.get(ADDRESS + query)))
        assert not re.search("theirs|secret|hers|Zzz", said), query
    assert any("API token mine" in one for one in sentences(page.get(ADDRESS)))


def test_old_addresses_lead_here(page: Client, rows: Rows) -> None:
    answer = page.get("/audit/?q=edge&type=gateway")
    assert (answer.status_code, answer.headers["Location"]) == (
        301,
        "/activity/?q=edge&type=gateway",
    )


def test_without_redis_the_changes_are_shown(
    page: Client, rows: Rows, move: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    from console import redis

    monkeypatch.setattr(redis, "_store", redis.connect("redis://127.0.0.1:1/0"))
    answer = page.get(ADDRESS)
    assert "Redis does not answer" in answer.content.decode()
    assert "portolan created the gateway edge" in sentences(answer)
    assert page.get(ADDRESS + "?format=csv").status_code == 503
    assert "Redis" not in page.get(ADDRESS + "?kind=changes").content.decode()


def test_the_timeline_as_a_file(page: Client, rows: Rows, move: Move) -> None:
    move(rows.registry, "apisix/httpbin", ["a", "b"], ["a"])
    answer = page.get(ADDRESS + "?format=csv&kind=nodes")
    [row] = csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode()))  # type: ignore[attr-defined]
    assert (row["registry"], row["namespace"], row["service"]) == ("cluster-a", "apisix", "httpbin")
    assert (row["ready_before"], row["ready_after"]) == ("2", "1")
    assert row["cause"] == "pod b was removed"
    answer = page.get(ADDRESS + "?format=json&type=gateway")
    [entry] = json.loads(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    assert (entry["object"], entry["verb"], entry["actor"]) == ("edge", "created", "portolan")
    assert json.loads(entry["after"])["secret"] == "(set)"


def test_only_the_newest_page_is_live(page: Client, rows: Rows, move: Move) -> None:
    for number in range(60):
        move(rows.registry, f"shop/s{number}", None, ["a"])
    answer = page.get(ADDRESS)
    assert f'data-live="rows:{rows.plane.pk} moves:{rows.registry.pk}"' in answer.content.decode()
    older = page.get(f"{ADDRESS}?before={answer.context['older']}")
    assert older.context["lines"]
    assert "data-live=" not in older.content.decode().split("<main")[1]
    changes = page.get(f"{ADDRESS}?kind=changes").content.decode()
    assert f'data-live="rows:{rows.plane.pk}"' in changes


def test_who_reads_further_down_is_told_how_much_is_new(
    page: Client, rows: Rows, move: Move
) -> None:
    newest = page.get(ADDRESS).context["lines"][0].key
    address = reverse("console:activity-live")
    answer = page.get(f"{address}?peek={newest}")
    assert answer.content.strip() == b""
    assert answer.headers["HX-Retarget"] == "#news"
    move(rows.registry, "shop/cart", ["a"], [])
    move(rows.registry, "shop/cart", [], ["a"])
    assert "2 new entries" in page.get(f"{address}?peek={newest}").content.decode()
    filtered = page.get(f"{address}?peek={newest}&kind=changes")
    assert filtered.content.strip() == b""


def test_a_long_timeline_costs_the_same(
    page: Client, rows: Rows, move: Move, django_assert_max_num_queries: Any
) -> None:
    move(rows.registry, "apisix/httpbin", ["a"], [])
    with django_assert_max_num_queries(12) as few:
        page.get(ADDRESS)
    for number in range(5):
        registry = factories.make_registry(control_plane=rows.plane, name=f"more-{number}")
        factories.make_api(application=factories.make_application(registry=registry))
        move(registry, "apisix/httpbin", ["a"], [])
    with django_assert_max_num_queries(12) as many:
        page.get(ADDRESS)
    assert len(many.captured_queries) == len(few.captured_queries)


def test_the_services_of_a_feed_are_no_entries(page: Client, rows: Rows, publish: Publish) -> None:
    from console.contract import wire

    publish(rows.registry, wire.Service(namespace="shop", name="cart"))
    assert not any("cart" in one for one in sentences(page.get(ADDRESS)))
