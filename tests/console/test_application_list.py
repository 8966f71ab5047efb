"""The list of applications: sorted, live, as a file, with a switch in each row."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from tests import factories

if TYPE_CHECKING:
    from django.test import Client

    from console.contract import wire
    from console.redis import Client as Store

    from .conftest import Publish, Rows

LIST = "applications:application-list"


def _names(page: Client, query: str) -> list[str]:
    answer = page.get(reverse(LIST) + query)
    return [one.row.name for one in answer.context["applications"]]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("?sort=name", "a-quiet-one"),
        ("?sort=-name", "sd.httpbin.org"),
        ("?sort=-apis", "sd.httpbin.org"),
        ("?sort=state", "a-quiet-one"),
        ("?sort=changed", "a-quiet-one"),
        ("?sort=-changed", "sd.httpbin.org"),
        ("?sort=nonsense", "a-quiet-one"),
    ],
)
def test_it_is_sorted(query: str, first: str, page: Client, rows: Rows) -> None:
    factories.make_application(control_plane=rows.plane, name="a-quiet-one", published=False)
    rows.api.save()  # what belongs to an application changes it
    assert _names(page, query)[0] == first


def test_it_is_a_file_with_all_rows_that_the_filters_leave(page: Client, rows: Rows) -> None:
    for number in range(30):
        factories.make_application(control_plane=rows.plane, name=f"many-{number:02}")
    lines = page.get(reverse(LIST) + "?q=many&format=csv").getvalue().decode()
    found = list(csv.DictReader(io.StringIO(lines)))
    assert [one["name"] for one in found] == [f"many-{number:02}" for number in range(30)]
    [one] = json.loads(page.get(reverse(LIST) + "?q=sd.&format=json").getvalue())
    assert (one["hosts"], one["apis"], one["published"]) == (["sd.httpbin.org"], 1, True)


def test_a_row_says_how_many_nodes_are_ready_and_why_not_more(
    page: Client, rows: Rows, publish: Publish, httpbin: wire.Service
) -> None:
    publish(rows.registry, httpbin)
    absent = factories.make_member(rows.registry, service="absent")
    factories.make_application(
        control_plane=rows.plane,
        name="shop",
        members=[factories.make_member(rows.registry), absent],
        published=False,
    )
    [one] = page.get(reverse(LIST) + "?q=shop").context["applications"]
    assert (one.nodes, one.colour) == (2, "orange")
    assert "absent" in one.why
    [fine] = page.get(reverse(LIST) + "?q=sd.").context["applications"]
    assert (fine.nodes, fine.colour, fine.why) == (2, "green", "")


def test_what_is_not_compiled_listens_to_its_services(
    page: Client, rows: Rows, store: Store
) -> None:
    from console.contract import keys, wire
    from console.feed import FeedWriter

    plane, registry = rows.plane.pk, rows.registry.pk
    live = f"control-plane:{plane} rows:{plane}"
    topics = page.get(reverse(LIST)).context["topics"]
    assert topics == f"{live} service:{registry}/apisix/httpbin"
    writer = FeedWriter(store, keys.feed(keys.control_plane(str(plane))), epoch=1)
    writer.open()
    upstream = str(rows.application.upstreams.get().pk)
    compiled = wire.Upstream(id=upstream, name="x")
    writer.commit({keys.upstream(upstream): wire.encode(compiled)})
    assert page.get(reverse(LIST)).context["topics"] == live


def test_the_live_part_is_narrowed_like_the_list(page: Client, rows: Rows) -> None:
    factories.make_application(control_plane=rows.plane, name="shop", published=False)
    html = page.get(reverse(LIST) + "?state=draft").content.decode()
    address = reverse("applications:application-rows") + "?state=draft"
    assert f'hx-get="{address}"' in html
    part = page.get(address).content.decode()
    assert "shop" in part
    assert "sd.httpbin.org" not in part
    assert "<html" not in part


def test_the_switch_answers_with_its_row_and_the_way_back(page: Client, rows: Rows) -> None:
    address = reverse("applications:application-unpublish", args=[rows.application.pk])
    here = reverse(LIST) + "?q=sd"
    answer = page.post(address, {"next": here}, headers={"HX-Request": "true"})
    html = answer.content.decode()
    assert html.count("<tr") == 1
    assert f'id="application-{rows.application.pk}"' in html
    assert "“sd.httpbin.org” is no longer published." in html
    publish = reverse("applications:application-publish", args=[rows.application.pk])
    assert f'<form method="post" action="{publish}"' in html.split("hx-swap-oob")[1]
    rows.application.refresh_from_db()
    assert not rows.application.published
    undone = page.post(publish, {"next": here})
    assert undone.headers["Location"] == here
    rows.application.refresh_from_db()
    assert rows.application.published


@pytest.mark.parametrize("wanted", ["https://evil.example.org/", "//evil.example.org", ""])
def test_the_switch_leads_nowhere_else(wanted: str, page: Client, rows: Rows) -> None:
    address = reverse("applications:application-unpublish", args=[rows.application.pk])
    answer = page.post(address, {"next": wanted})
    assert answer.headers["Location"] == reverse(
        "applications:application-detail", args=[rows.application.pk]
    )


def test_a_viewer_sees_no_switch(page: Client, rows: Rows, bo: Any) -> None:
    bo.memberships.update(role="viewer")
    html = page.get(reverse(LIST)).content.decode()
    assert 'role="switch"' not in html
    assert "Create Application" not in html
