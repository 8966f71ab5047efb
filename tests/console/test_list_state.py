"""Every list keeps its state in the address, comes in pages, and is a file."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse
from django.utils import timezone

from console import redis
from console.contract import wire
from console.models import ApiToken
from console.roles import Role
from registries.models import Transition
from tests import factories

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

    from .conftest import Publish, Rows
    from .scenes import Scene


def _html(page: Client, address: str) -> str:
    return page.get(address).content.decode()


def _file(page: Client, address: str) -> Any:
    answer: Any = page.get(address + ("&" if "?" in address else "?") + "format=json")
    return json.loads(answer.getvalue())


def _crowd(number: int) -> wire.Service:
    found = tuple(
        wire.Endpoint(address=f"10.0.{n // 250}.{n % 250}", ready=n % 10 > 0, pod=f"web-{n:04}")
        for n in range(number)
    )
    ports = (wire.Port(port=8080, name="http"),)
    return wire.Service(
        namespace="shop", name="web", subsets=(wire.Subset(ports=ports, endpoints=found),)
    )


def test_filters_keep_the_sort_of_every_list(
    ruler: Client, rows: Rows, ada: User, publish: Publish
) -> None:
    factories.make_member_of(rows.plane, ada, Role.ADMIN)
    for number in range(12):
        factories.make_api(application=rows.application, name=f"api-{number}")
    for address in (
        reverse("registries:registry-list"),
        reverse("registries:registry-detail", args=[rows.registry.pk]),
        reverse("console:member-list"),
        reverse("applications:application-list"),
        reverse("applications:application-detail", args=[rows.application.pk]),
        reverse("gateways:gateway-list"),
    ):
        form = re.search(
            r"<form[^>]*filters[^>]*role=.search.*?</form>",
            _html(ruler, f"{address}?sort=-name"),
            re.DOTALL,
        )
        assert form, address
        assert '<input type="hidden" name="sort" value="-name">' in form[0], address
    detail = reverse("registries:registry-detail", args=[rows.registry.pk])
    assert '<input type="hidden" name="span" value="7d">' in _html(ruler, f"{detail}?span=7d")


def test_a_list_in_the_middle_of_a_page_is_led_back_to(
    page: Client, rows: Rows, publish: Publish
) -> None:
    publish(
        rows.registry,
        *(wire.Service(namespace="shop", name=f"s{number:02}") for number in range(30)),
    )
    html = _html(page, reverse("registries:registry-detail", args=[rows.registry.pk]))
    assert 'href="?page=2#services"' in html
    assert 'href="?sort=name#services"' in html


def test_a_crowd_of_nodes_comes_in_pages_and_is_a_file(
    page: Client, rows: Rows, publish: Publish
) -> None:
    publish(rows.registry, _crowd(3000))
    address = reverse("registries:service-detail", args=[rows.registry.pk, "shop", "web"])
    html = _html(page, address)
    shown = re.findall(r'id="node-([0-9.]+)-', html)
    assert shown == [f"10.0.0.{n}" for n in range(25)]
    assert "2700 / 3000" in html
    assert len(html) < 100_000
    assert _html(page, f"{address}?page=120").count('id="node-') == 25
    last = _html(page, f"{address}?sort=-pod")
    assert 'id="node-10.0.11.249-web-2999"' in last
    unready = _html(page, f"{address}?state=unready&sort=pod")
    assert re.findall(r'id="node-[0-9.]+-web-(\d+)', unready)[:2] == ["0000", "0010"]
    assert "state=unready&amp;sort=pod&amp;page=2" in unready
    part = page.get(f"{address}?page=2", HTTP_HX_REQUEST="true").content.decode()
    assert part.count('id="node-') == 25
    found = _file(page, f"{address}?state=unready")
    assert len(found) == 300
    assert found[0] == {
        "address": "10.0.0.0",
        "state": "unready",
        "serving": True,
        "since": None,
        "ports": ["http 8080"],
        "zone": "",
        "node": "",
        "pod": "web-0000",
    }


def test_who_uses_a_registry_comes_in_pages_of_its_own(page: Client, rows: Rows) -> None:
    for number in range(30):
        factories.make_application(registry=rows.registry, name=f"user-{number:02}")
    address = reverse("applications:registry-users", args=[rows.registry.pk])
    html = _html(page, f"{address}?page=2&sort=name")
    assert "user-23" in html
    assert "user-24" not in html
    assert 'href="?page=2&amp;sort=name&amp;users=2#used-by"' in html
    assert "user-29" in _html(page, f"{address}?users=2")
    found = _file(page, address)
    assert len(found) == 31
    assert found[1]["application"] == "user-00"
    detail = _html(
        page, reverse("registries:registry-detail", args=[rows.registry.pk]) + "?users=2"
    )
    assert f'hx-get="{address}?users=2"' in detail


def test_the_history_of_a_registry_goes_back_page_by_page(page: Client, rows: Rows) -> None:
    Transition.objects.bulk_create(
        Transition(
            registry=rows.registry, at=timezone.now(), phase="failing", text=f"spell {number:02}"
        )
        for number in range(20)
    )
    address = reverse("registries:registry-detail", args=[rows.registry.pk])
    html = _html(page, address)
    assert ("spell 19" in html, "spell 11" in html) == (True, False)
    assert 'href="?history=3#history"' in html
    assert "spell 00" in _html(page, f"{address}?history=3")
    live = reverse("registries:registry-live", args=[rows.registry.pk])
    assert "spell 00" in _html(page, f"{live}?history=3")
    found = _file(page, reverse("registries:registry-history", args=[rows.registry.pk]))
    assert [one["text"] for one in found] == [f"spell {number:02}" for number in range(19, -1, -1)]


def test_tokens_of_others_come_in_pages_and_all_are_a_file(
    ruler: Client, rows: Rows, ada: User, bo: User
) -> None:
    ApiToken.objects.bulk_create(
        ApiToken(user=owner, name=f"{owner}-{number:03}", digest=f"{owner}{number}", hint="abcd")
        for owner in (ada, bo)
        for number in range(250)
    )
    address = reverse("console:token-list")
    html = _html(ruler, f"{address}?sort=-name")
    assert ("bo-249" in html, "bo-224" in html) == (True, False)
    assert "bo-000" in _html(ruler, f"{address}?sort=-name&page=10")
    assert html.count(">ada-") == 25
    assert 'href="?sort=-name&amp;own=10"' in html
    assert len(_file(ruler, address)) == 500


def test_publications_and_what_is_served_are_files(page: Client, scene: Scene) -> None:
    gateway = scene.rows.gateway
    for number in range(15):
        scene.compiled(nodes=number)
    found = _file(page, reverse("gateways:gateway-publications", args=[gateway.pk]))
    assert len(found) > 10
    assert found[0]["position"] == scene.position
    assert found[0]["resources"] == [f"upstream/{scene.rows.application.upstreams.get().pk}"]
    [line] = _file(page, reverse("gateways:gateway-serving", args=[gateway.pk]) + "?q=10.0.0.14")
    assert (len(line["compiled"]), line["agrees"]) == (14, False)
    assert _file(page, reverse("gateways:gateway-serving", args=[gateway.pk]) + "?q=nothing") == []


def test_what_is_looked_for_in_a_gateway_stands_in_the_pages_address(
    page: Client, scene: Scene
) -> None:
    gateway = scene.rows.gateway
    part = reverse("gateways:gateway-serving", args=[gateway.pk])
    detail = reverse("gateways:gateway-detail", args=[gateway.pk])
    answer = page.get(f"{part}?q=sd.+x", HTTP_HX_REQUEST="true")
    assert answer.headers["HX-Replace-Url"] == f"{detail}?q=sd.+x"
    assert "HX-Replace-Url" not in page.get(part, HTTP_HX_REQUEST="true").headers
    html = _html(page, f"{detail}?q=sd.+x")
    assert f'hx-get="{part}?q=sd.+x"' in html
    assert 'name="q" value="sd. x"' in html


@pytest.mark.parametrize("nodes", [2, 0])
def test_the_file_of_applications_tells_their_nodes(page: Client, scene: Scene, nodes: int) -> None:
    scene.compiled(nodes=nodes)
    [one] = _file(page, reverse("applications:application-list"))
    assert one["nodes"] == nodes
    assert one["why"] == ""


def test_a_file_is_refused_where_nothing_can_be_known(
    ruler: Client, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis, "_store", redis.connect("redis://127.0.0.1:1/0"))
    nodes = reverse("registries:service-detail", args=[rows.registry.pk, "apisix", "httpbin"])
    commits = reverse("gateways:gateway-publications", args=[rows.gateway.pk])
    for address in (nodes, commits):
        assert ruler.get(address).status_code == 200
        assert ruler.get(f"{address}?format=csv").status_code == 503
    assert ruler.get(f"/api/v1/gateways/{rows.gateway.pk}/publications/").status_code == 503
