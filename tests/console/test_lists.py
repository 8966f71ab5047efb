"""Lists are searched, narrowed and paged, and their state is in the address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from tests import factories

if TYPE_CHECKING:
    from django.test import Client

    from .conftest import Publish, Rows


def _names(answer: Any) -> list[str]:
    return [one.row.name for one in answer.context["applications"]]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["sd.httpbin.org", "shop"]),
        ("?q=SHOP.exa", ["shop"]),
        ("?q=cart", ["shop"]),
        ("?label=demo", ["sd.httpbin.org"]),
        ("?label=nobody-has-it", ["sd.httpbin.org", "shop"]),
        ("?state=draft", ["shop"]),
        ("?state=published&q=shop", []),
        ("?page=99", ["sd.httpbin.org", "shop"]),
    ],
)
def test_applications_are_narrowed(query: str, names: list[str], page: Client, rows: Rows) -> None:
    factories.make_application(
        control_plane=rows.plane,
        name="shop",
        hosts=["shop.example.org"],
        description="The cart",
        published=False,
    )
    assert _names(page.get(reverse("applications:application-list") + query)) == names


def test_applications_come_in_pages_that_keep_the_search(page: Client, rows: Rows) -> None:
    for number in range(30):
        factories.make_application(control_plane=rows.plane, name=f"many-{number:02}")
    answer = page.get(reverse("applications:application-list") + "?q=many&page=2")
    assert _names(answer) == [f"many-{number:02}" for number in range(25, 30)]
    assert "?q=many&amp;page=1" in answer.content.decode()


def test_the_count_of_ready_nodes_is_what_gateways_are_told(
    page: Client, rows: Rows, store: Any
) -> None:
    from console.contract import keys, wire
    from console.feed import FeedWriter

    upstream = str(rows.application.upstreams.get().pk)
    writer = FeedWriter(store, keys.feed(keys.control_plane(str(rows.plane.pk))), epoch=1)
    writer.open()
    compiled = wire.Upstream(id=upstream, name="x", nodes=(wire.Node(host="10.0.0.1", port=80),))
    writer.commit({keys.upstream(upstream): wire.encode(compiled)})
    [one] = page.get(reverse("applications:application-list")).context["applications"]
    assert (one.nodes, one.kept) == (1, "")


def test_services_are_narrowed_and_paged(page: Client, rows: Rows, publish: Publish) -> None:
    from console.contract import wire

    services = [wire.Service(namespace="a", name=f"cart-{number:02}") for number in range(30)]
    publish(rows.registry, *services, wire.Service(namespace="b", name="orders"))
    address = reverse("registries:registry-detail", args=[rows.registry.pk])

    def found(query: str) -> list[str]:
        return [one.name for one in page.get(address + query).context["page"].object_list]

    assert len(found("")) == 25
    assert found("?page=2")[-1] == "orders"
    assert found("?page=99") == found("?page=2")
    assert found("?page=-1") == found("?page=2")  # as Django pages
    assert found("?page=x") == found("")
    assert found("?namespace=b") == ["orders"]
    assert found("?q=CART-07") == ["cart-07"]
    assert found("?q=nothing") == []


def test_a_registrys_page_names_who_uses_it(page: Client, rows: Rows) -> None:
    html = page.get(reverse("applications:registry-users", args=[rows.registry.pk])).content
    assert "sd.httpbin.org" in html.decode()
    answer = page.get(reverse("registries:registry-list"))
    [line] = answer.context["page"].object_list
    assert line.used_by == 1
