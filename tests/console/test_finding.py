"""Finding: by a part of a name, by an address; never what is somebody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from console import redis
from console.contract import wire
from console.finding import address_in, find
from console.models import ControlPlane
from registries import whereabouts
from tests import factories

if TYPE_CHECKING:
    from django.test import Client

    from .conftest import Publish, Rows

HOSTILE = '<script>alert("pod")</script>'


def _service(name: str, *endpoints: wire.Endpoint) -> wire.Service:
    ports = (wire.Port(name="http", port=80),)
    return wire.Service(
        namespace="shop", name=name, subsets=(wire.Subset(ports=ports, endpoints=endpoints),)
    )


def _titles(plane: ControlPlane, text: str) -> dict[str, list[str]]:
    return {one.icon: [hit.title for hit in one.hits] for one in find(plane, text).groups}


def test_rows_are_found_by_a_part_of_what_people_know_them_by(rows: Rows) -> None:
    assert _titles(rows.plane, "HTTPBIN")["apps"] == [rows.application.name]
    assert _titles(rows.plane, rows.api.name[1:])["route"] == [rows.api.name]
    assert _titles(rows.plane, rows.registry.name)["world-search"] == [rows.registry.name]
    assert _titles(rows.plane, rows.gateway.name[:-1])["router"] == [rows.gateway.name]
    assert _titles(rows.plane, "no such thing") == {}
    assert find(rows.plane, "  ").groups == ()


def test_services_are_found_in_every_cluster_with_how_ready_they_are(
    rows: Rows, publish: Publish
) -> None:
    publish(rows.registry, _service("cart", wire.Endpoint(address="10.1.0.1")))
    other = factories.make_registry(control_plane=rows.plane, name="second")
    publish(other, _service("cart"), _service("till"))
    [group] = [one for one in find(rows.plane, "shop/cart").groups if one.heading == "Services"]
    assert sorted((hit.title, hit.detail, str(hit.badge.label)) for hit in group.hits) == [
        ("shop/cart", rows.registry.name, "1 / 1"),
        ("shop/cart", "second", "0 / 0"),
    ]


@pytest.mark.parametrize("typed", ["10.1.0.7", "10.1.0.7:8080", " 10.1.0.7 "])
def test_an_address_leads_to_its_pod_and_service(
    typed: str, page: Client, rows: Rows, publish: Publish
) -> None:
    pod = wire.Endpoint(address="10.1.0.7", pod=HOSTILE, ready=False)
    publish(
        rows.registry, _service("cart", pod), _service("till", wire.Endpoint(address="10.1.0.70"))
    )
    html = page.get(reverse("console:find"), {"q": typed}).content.decode()
    assert "shop/cart" in html
    assert "shop/till" not in html
    assert "not ready" in html
    assert HOSTILE not in html


def test_addresses_are_read_as_states_write_them() -> None:
    assert address_in("[2001:DB8:0::1]:443") == "2001:db8::1"
    assert address_in("2001:db8::0001") == "2001:db8::1"
    assert address_in("shop:80") == address_in("10.1.0.") == ""


def test_looking_for_an_address_ends(rows: Rows, publish: Publish) -> None:
    publish(rows.registry, _service("cart", *(wire.Endpoint(address="10.1.0.7"),) * 20))
    moments = iter([0.0, 100.0, 100.0])
    answer = whereabouts.of(
        [str(rows.registry.pk)] * 2, "10.9.9.9", most=5, clock=lambda: next(moments)
    )
    assert not answer.whole
    few = whereabouts.of([str(rows.registry.pk)], "10.1.0.7", most=5)
    assert (len(few.found), few.whole) == (5, False)


def test_nothing_of_another_control_plane_is_found(
    page: Client, rows: Rows, publish: Publish
) -> None:
    elsewhere = factories.make_control_plane(name="Elsewhere")
    registry = factories.make_registry(control_plane=elsewhere, name="secret-cluster")
    publish(registry, _service("secret-cart", wire.Endpoint(address="10.9.0.9")))
    for text in ("secret", "10.9.0.9"):
        html = page.get(reverse("console:find"), {"q": text}).content.decode()
        assert "Nothing found" in html, text


def test_a_static_target_is_found_by_its_address(rows: Rows) -> None:
    target = factories.make_member(host="192.0.2.9", port=8443)
    factories.make_application(control_plane=rows.plane, members=[target])
    for typed in ("192.0.2.9", "192.0.2.9:8443"):
        assert _titles(rows.plane, typed)["target"] == ["192.0.2.9:8443"]


def test_what_databases_refuse_is_not_looked_for(page: Client, rows: Rows) -> None:
    answer = page.get(reverse("console:find"), {"q": "http\0bin"})
    assert rows.application.name in answer.content.decode()


def test_addresses_are_looked_for_with_measure(page: Client, rows: Rows) -> None:
    told = [
        page.get(reverse("console:find"), {"q": "10.1.0.7"}).content.decode() for _ in range(31)
    ]
    assert "Too many requests" not in told[0]
    assert "Too many requests" in told[-1]
    by_name = page.get(reverse("console:find"), {"q": "httpbin"}).content.decode()
    assert "Too many requests" not in by_name


def test_paths_are_found_and_the_words_of_their_json_are_not(rows: Rows) -> None:
    assert _titles(rows.plane, "/anything")["route"] == [rows.api.name]
    assert "route" not in _titles(rows.plane, "prefix")


def test_with_redis_away_rows_are_found_all_the_same(
    rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis, "_store", redis.connect("redis://127.0.0.1:1/0"))
    found = find(rows.plane, rows.application.name)
    assert found.groups[0].hits[0].title == rows.application.name
    assert "Redis does not answer" in found.doubt


def test_the_number_of_queries_does_not_grow(page: Client, rows: Rows) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            page.get(reverse("console:find"), {"q": "a"})
        return len(captured)

    before = count()
    for number in range(20):
        application = factories.make_application(control_plane=rows.plane, name=f"a{number}")
        factories.make_api(application=application, name=f"a{number}")
        factories.make_registry(control_plane=rows.plane, name=f"a{number}")
    assert count() == before


def test_as_one_types_only_what_was_found_is_sent(page: Client, rows: Rows) -> None:
    part = page.get(reverse("console:find"), {"q": "zz"}, headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "Nothing found" in part.content.decode()
