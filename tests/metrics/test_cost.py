"""A thousand registries cost no more questions than one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from console.lags import BOUNDS
from console.redis import Client
from registries import health
from registries.health import Status
from registries.models import Registry
from tests.factories import make_registry

from .conftest import Scrape

# Registries, control planes, gateways.
QUERIES = 3
# INFO; status, comparison and lease of registries; lease and position of control planes; the
# gateways have none to ask for here; xDS servers. And the INFO by which this test counts.
COMMANDS = 8


def commands(store: Client) -> int:
    return int(store.info("stats")["total_commands_processed"])


@pytest.mark.slow
def test_a_thousand_registries_cost_as_many_questions_as_one(
    store: Client, scrape: Callable[[], Scrape], django_assert_num_queries: Any
) -> None:
    first = make_registry()
    scrape()
    status = Status(
        phase="connected", lag_counts=(1,) * (len(BOUNDS) + 1), failures={"cut": 1, "dns": 2}
    )
    Registry.objects.bulk_create(
        Registry(control_plane=first.control_plane, name=f"many-{number}", server=first.server)
        for number in range(999)
    )
    for pk in Registry.objects.values_list("pk", flat=True):
        health.write(store, str(pk), status)
    before = commands(store)
    began = time.thread_time()
    with django_assert_num_queries(QUERIES):
        found = scrape()
    took = time.thread_time() - began
    assert commands(store) - before == COMMANDS
    assert len(found.of("portolan_registry_up")) == 1000
    assert took < 10, "the parsing of this test included"
