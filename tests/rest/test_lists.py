"""Lists: pages, filters, order, and what they cost."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from console import redis
from gateways import instances
from tests import factories

V1 = "/api/v1"


def _names(answer) -> list[str]:
    return [one["name"] for one in answer.json()["results"]]


@pytest.fixture
def registries(plane):
    for number in range(5):
        factories.make_registry(
            control_plane=plane,
            name=f"r{number}",
            enabled=number % 2 == 0,
            description="odd" if number % 2 else "even",
        )


def test_pages(api, registries):
    url = f"{V1}/registries/"
    first = api.get(url, {"page_size": 2}).json()
    assert first.keys() == {"count", "next", "previous", "results"}
    assert first["count"] == 5
    assert [one["name"] for one in first["results"]] == ["r0", "r1"]
    second = api.get(first["next"]).json()
    assert [one["name"] for one in second["results"]] == ["r2", "r3"]
    assert api.get(second["previous"]).json()["results"] == first["results"]


def test_a_page_has_at_most_two_hundred(api, plane, ruling):
    from console.models import AuditEntry

    AuditEntry.objects.bulk_create(
        AuditEntry(actor_name="x", verb="created", object_type="x", object_id=str(number))
        for number in range(250)
    )
    answer = api.get(f"{V1}/audit-entries/", {"page_size": 1000}).json()
    assert len(answer["results"]) == 200


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"enabled": "false"}, ["r1", "r3"]),
        ({"name": "r4"}, ["r4"]),
        ({"search": "odd"}, ["r1", "r3"]),
        ({"ordering": "-name"}, ["r4", "r3", "r2", "r1", "r0"]),
        ({"ordering": "-created_at", "enabled": "true"}, ["r4", "r2", "r0"]),
        ({"ordering": "token"}, ["r0", "r1", "r2", "r3", "r4"]),
        ({"control_plane": "00000000-0000-0000-0000-000000000000"}, []),
    ],
)
def test_registries_are_found(api, registries, query, names):
    assert _names(api.get(f"{V1}/registries/", query)) == names


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["cart", "shop"]),
        ({"published": "true"}, ["shop"]),
        ({"label": "team=a"}, ["cart", "shop"]),
        ({"label": "tier=web"}, ["shop"]),
        ({"label": "tier"}, []),
        ({"host": "shop.example.org"}, ["shop"]),
        ({"search": "ca"}, ["cart"]),
    ],
)
def test_applications_are_found(api, plane, query, names):
    factories.make_application(
        control_plane=plane,
        name="shop",
        labels=["team=a", "tier=web"],
        hosts=["shop.example.org", "www.example.org"],
    )
    factories.make_application(control_plane=plane, name="cart", labels=["team=a"], published=False)
    assert _names(api.get(f"{V1}/applications/", query)) == names


def test_rows_that_are_equal_keep_their_order_over_pages(api, ruling):
    for _ in range(6):
        factories.make_registry(name="same")
    url = f"{V1}/registries/"
    seen = [
        api.get(url, {"page": page, "page_size": 2, "ordering": "name"}).json()["results"]
        for page in (1, 2, 3)
    ]
    assert len({one["id"] for page in seen for one in page}) == 6


# Queries of one list: the token with its user, the user's seats, the count, the rows, and what is
# prefetched. Below an application that is read too.
COSTS = {
    "control-planes/": 4,
    "registries/": 4,
    "applications/": 6,
    "apis/": 4,
    "gateways/": 4,
    "tokens/": 3,
    "audit-entries/": 4,
    "applications/{application}/apis/": 5,
    "applications/{application}/upstreams/": 6,
    "gateways/{gateway}/instances/": 3,
}


@pytest.fixture
def one_of_each(plane):
    registry = factories.make_registry(control_plane=plane)
    application = factories.make_application(registry=registry)
    gateway = factories.make_gateway(
        control_plane=plane, settings={"redis_url": "redis://127.0.0.1/2"}
    )
    return {"registry": registry, "application": application, "gateway": gateway}


def _more(rows) -> None:
    plane, registry = rows["registry"].control_plane, rows["registry"]
    for _ in range(3):
        factories.make_control_plane()
        factories.make_registry(control_plane=plane)
        factories.make_gateway(control_plane=plane, settings={"redis_url": "redis://127.0.0.1/2"})
        members = [factories.make_member(registry), factories.make_member()]
        factories.make_application(registry=registry, members=members)
        factories.make_api(application=rows["application"])
        name = uuid.uuid4().hex
        instances.report(
            redis.store(), str(rows["gateway"].pk), instances.Instance(id=name, hostname=name)
        )


@pytest.mark.parametrize("path", COSTS)
def test_a_list_costs_the_same_however_long_it_is(api, one_of_each, path):
    ids = {name: row.pk for name, row in one_of_each.items()}
    url = f"{V1}/{path.format(**ids)}"
    for _ in range(2):
        _more(one_of_each)
        with CaptureQueriesContext(connection) as queries:
            assert api.get(url).status_code == 200
        assert len(queries) == COSTS[path], [one["sql"] for one in queries]
