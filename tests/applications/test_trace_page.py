"""The page of the route tracer, and what a trace costs."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client as Browser
from django.urls import reverse

from applications.models import Api, Application, Upstream
from console.models import ControlPlane
from console.redis import Client
from tests import factories
from tests.applications.routing import HOST, api, application, compile_all, name_of, traced


@pytest.fixture
def plane(db: None, store: Client) -> ControlPlane:
    return factories.make_control_plane()


def _fill(plane: ControlPlane, count: int) -> None:
    """Applications with three APIs each, written past the actions: there are many."""
    owners = Application.objects.bulk_create(
        Application(
            control_plane=plane, name=f"a{n}", hosts=[f"a{n}.example.org"], published=n % 10 > 0
        )
        for n in range(count)
    )
    Upstream.objects.bulk_create(Upstream(application=one) for one in owners)
    Api.objects.bulk_create(
        Api(
            application=one,
            name=f"api{n}",
            paths=[{"path": f"/p{n}", "type": "prefix"}],
            published=True,
        )
        for one in owners
        for n in range(3)
    )


def test_a_thousand_applications_cost_four_queries_and_little_time(
    plane: ControlPlane, django_assert_num_queries: Any
) -> None:
    _fill(plane, 1_000)
    compile_all(plane)
    took = []
    for _ in range(3):
        began = time.process_time()
        with django_assert_num_queries(4):
            found = traced(plane, "/p1/x", "a7.example.org")
        took.append(time.process_time() - began)
    assert name_of(found.winner) == "a7/api1"
    assert len(found.others) == 20
    assert found.beyond == 2_979
    assert min(took) < 0.5, took


@pytest.fixture
def page(client: Browser, bo: Any) -> Browser:
    client.force_login(bo)
    return client


def test_the_page_has_its_state_in_its_address(page: Browser, plane: ControlPlane) -> None:
    factories.seat_operator()
    factories.make_gateway(control_plane=plane, name="edge")
    api(application(plane, "<b>shop</b>"), "cart", "/cart")
    compile_all(plane)
    address = f"{reverse('applications:trace')}?{urlencode({'host': HOST, 'path': '/cart/1'})}"
    html = page.get(address).content.decode()
    assert 'data-outcome="routed"' in html
    assert 'value="/cart/1"' in html
    assert "&lt;b&gt;shop&lt;/b&gt;" in html
    assert "<b>shop" not in html
    part = page.get(address, headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith("<section")
    gateways = reverse("gateways:trace-standing")
    html = page.get(f"{gateways}?{urlencode({'host': HOST, 'path': '/cart/1'})}").content.decode()
    assert "gateway “edge”" in html


def test_pages_cost_the_same_number_of_queries_however_much_there_is(
    page: Browser, plane: ControlPlane, django_assert_max_num_queries: Any
) -> None:
    factories.seat_operator()
    shop = application(plane, "shop")
    api(shop, "all", "/")
    compile_all(plane)
    asked = urlencode({"host": HOST, "path": "/"})
    addresses = [
        f"{reverse('applications:trace')}?{asked}",
        f"{reverse('gateways:trace-standing')}?{asked}",
        reverse("applications:upstream-explain", args=[shop.upstreams.get().pk]),
        reverse("gateways:upstream-standing", args=[shop.upstreams.get().pk]),
    ]
    counts = []
    for more in (5, 0):
        for address in addresses:
            with django_assert_max_num_queries(12) as seen:
                assert page.get(address).status_code == 200
            counts.append(len(seen.captured_queries))
        for number in range(more):
            api(application(plane, f"more-{number}", path_prefix=f"/{number}"), "all", "/")
            factories.make_gateway(control_plane=plane)
        compile_all(plane)
    assert counts[: len(addresses)] == counts[len(addresses) :]


def test_what_is_no_request_is_said_at_its_field(page: Browser, plane: ControlPlane) -> None:
    factories.seat_operator()
    html = page.get(reverse("applications:trace"), {"path": "cart"}).content.decode()
    assert "A path starts with “/”." in html
    assert 'value="cart"' in html
