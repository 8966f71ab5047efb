"""Lists cost the same number of queries, however long they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from tests import factories

if TYPE_CHECKING:
    from django.test import Client

    from .conftest import Rows

# Session and user are two of them, the control plane one or two.
BUDGETS = {
    "console:overview": 20,
    "console:activity": 11,
    "console:token-list": 4,
    "registries:registry-list": 5,
    "applications:application-list": 8,
    "gateways:gateway-list": 5,
}


@pytest.mark.parametrize(("name", "budget"), BUDGETS.items())
def test_a_list_keeps_its_budget(
    name: str, budget: int, page: Client, rows: Rows, django_assert_max_num_queries: Any
) -> None:
    address = reverse(name)
    with django_assert_max_num_queries(budget) as few:
        page.get(address)
    for number in range(5):
        registry = factories.make_registry(control_plane=rows.plane, name=f"more-{number}")
        application = factories.make_application(registry=registry)
        factories.make_api(application=application)
    with django_assert_max_num_queries(budget) as many:
        page.get(address)
    assert len(many.captured_queries) == len(few.captured_queries)


def test_the_detail_of_an_application_keeps_its_budget(
    page: Client, rows: Rows, django_assert_max_num_queries: Any
) -> None:
    address = reverse("applications:application-detail", args=[rows.application.pk])
    for number in range(4):
        factories.make_api(application=rows.application, name=f"more-{number}")
    with django_assert_max_num_queries(11):
        page.get(address)


@pytest.mark.parametrize("view", ["registry-detail", "registry-live", "registry-services"])
def test_the_page_of_a_registry_keeps_its_budget(
    view: str, page: Client, rows: Rows, django_assert_max_num_queries: Any
) -> None:
    address = reverse(f"registries:{view}", args=[rows.registry.pk])
    for _ in range(4):
        factories.make_application(registry=rows.registry)
    with django_assert_max_num_queries(6):
        page.get(address)


def test_the_page_of_a_service_keeps_its_budget(
    page: Client, rows: Rows, django_assert_max_num_queries: Any
) -> None:
    for _ in range(4):
        factories.make_application(registry=rows.registry)
    place = [rows.registry.pk, factories.NAMESPACE, factories.SERVICE]
    with django_assert_max_num_queries(5):
        page.get(reverse("registries:service-detail", args=place))
