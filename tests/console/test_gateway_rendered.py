"""What a gateway is given: the page, the file and REST."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from console.contract import keys, wire
from tests import factories

if TYPE_CHECKING:
    from django.test import Client

    from .scenes import Scene


@pytest.fixture
def house(scene: Scene) -> Scene:
    """A route and an upstream are published; the route is one that Traefik has."""
    from console.feed import FeedWriter

    rows = scene.rows
    upstream = str(rows.application.upstreams.get().pk)
    route = wire.Route(
        id=str(rows.api.pk),
        name="sd.httpbin.org/anything",
        upstream=upstream,
        hosts=("sd.httpbin.org",),
        paths=(wire.Path(path="/anything"),),
    )
    feed = keys.feed(keys.control_plane(str(rows.plane.pk)))
    writer = FeedWriter(scene.store, feed, epoch=2)
    writer.open()
    writer.commit({keys.route(route.id): wire.encode(route)})
    return scene


def _address(scene: Scene, query: str = "") -> str:
    return reverse("gateways:gateway-rendered", args=[scene.rows.gateway.pk]) + query


def _names(page: Client, scene: Scene, query: str = "") -> list[str]:
    return list(json.loads(page.get(_address(scene, f"?format=json{query}")).content))


def test_every_document_is_shown_with_its_name(page: Client, house: Scene) -> None:
    html = page.get(_address(house)).content.decode()
    names = _names(page, house)
    assert names
    assert any("10.0.0.1" in one for one in [html])
    assert names[0] in html


def test_a_search_finds_names_and_texts(page: Client, house: Scene) -> None:
    everything = _names(page, house)
    found = _names(page, house, "&q=10.0.0.2")
    assert 0 < len(found) < len(everything)
    assert _names(page, house, "&q=nothing-like-it") == []
    html = page.get(_address(house, "?q=nothing-like-it")).content.decode()
    assert "Nothing fits" in html


def test_one_application_alone(page: Client, house: Scene) -> None:
    other = factories.make_application(control_plane=house.rows.plane)
    mine = _names(page, house, f"&application={house.rows.application.pk}")
    assert len(mine) > len(_names(page, house, f"&application={other.pk}"))
    stranger = factories.make_application(control_plane=factories.make_control_plane())
    assert page.get(_address(house, f"?application={stranger.pk}")).status_code == 404
    html = page.get(
        reverse("applications:application-detail", args=[house.rows.application.pk])
    ).content.decode()
    assert _address(house, f"?application={house.rows.application.pk}") in html


def test_what_the_kind_cannot_have_is_named(page: Client, house: Scene) -> None:
    from console.feed import FeedWriter

    rows = house.rows
    route = wire.Route(id=str(rows.api.pk), name="x", upstream="u", plugins={"no-such": {}})
    feed = keys.feed(keys.control_plane(str(rows.plane.pk)))
    writer = FeedWriter(house.store, feed, epoch=3)
    writer.open()
    writer.commit({keys.route(route.id): wire.encode(route)})
    html = page.get(_address(house)).content.decode()
    assert "What it cannot serve" in html
    assert "no-such" in html
    answer = page.get(f"/api/v1/gateways/{rows.gateway.pk}/rendered/").json()
    assert list(answer["refused"]) == [keys.route(route.id)]


def test_rest_gives_the_same(page: Client, house: Scene) -> None:
    url = f"/api/v1/gateways/{house.rows.gateway.pk}/rendered/"
    whole = page.get(url).json()
    assert list(whole["documents"]) == _names(page, house)
    upstream = keys.upstream(str(house.rows.application.upstreams.get().pk))
    part = page.get(url, {"resource": upstream}).json()["documents"]
    assert 0 < len(part) < len(whole["documents"])
    assert page.get(url, {"application": "nonsense"}).status_code == 400
    application = page.get(url, {"application": str(house.rows.application.pk)}).json()
    assert application["documents"].keys() <= whole["documents"].keys()
    stranger = factories.make_application(control_plane=factories.make_control_plane())
    assert page.get(url, {"application": str(stranger.pk)}).status_code == 404


def test_hostile_names_stay_text(page: Client, scene: Scene) -> None:
    scene.compiled(nodes=1, host="<script>alert(1)</script>", host_mode="rewrite")
    assert "<script>alert(1)" not in page.get(_address(scene)).content.decode()
