"""Pages stay quick and cost the same number of queries in a house full of rows."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench import parts_crowd
from tests import factories, pages
from tests.pages import PAGES, PARTS, Places, question

from .conftest import Publish, Rows

if TYPE_CHECKING:
    from django.test import Client

    from console.contract import wire

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROUNDS = 7
# Generous, because other tests may run beside: `script/bench pages` measures against the budget.
TIMES, FLOOR, CEILING = (
    3.0,
    0.2,
    1.0,
)  # times the small house; the budget's seconds; seconds at most


@dataclass
class Visit:
    """What a page took: queries, and seconds of each round."""

    status: int
    queries: list[str]
    seconds: list[float]


@pytest.fixture
def places(rows: Rows, publish: Publish, httpbin: wire.Service) -> Places:
    publish(rows.registry, httpbin, services=1, endpoints=3)
    return Places(
        registry=str(rows.registry.pk),
        application=str(rows.application.pk),
        upstream=str(rows.application.upstreams.get().pk),
        api=str(rows.api.pk),
        gateway=str(rows.gateway.pk),
        member=str(factories.some_member_of(rows.plane).pk),
    )


def test_a_full_house_costs_no_more_queries_and_little_more_time(
    ruler: Client, rows: Rows, places: Places
) -> None:
    small = {address: visit(ruler, address) for address in addresses(places)}
    parts_crowd.fill(rows.plane, rows.registry, parts_crowd.Crowd())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as autovacuum does within a minute of such a growth
    full = {address: visit(ruler, address) for address in addresses(places)}

    wrong = []
    say = sys.stdout.write  # shown by pytest -s, and when this fails
    say(f"\n{'page':<64}{'queries':>8}{'small':>9}{'full':>9}{'worst':>9}\n")
    for address, before in small.items():
        after = full[address]
        few, many, worst = median(before.seconds), median(after.seconds), max(after.seconds)
        shown = address.replace(places.registry, "…").replace(places.application, "…")
        say(
            f"{shown[:62]:<64}{len(after.queries):>8}"
            f"{few * 1000:>6.0f} ms{many * 1000:>6.0f} ms{worst * 1000:>6.0f} ms\n"
        )
        if after.status != 200:
            wrong.append(f"{shown} answers {after.status}")
        if len(after.queries) != len(before.queries):
            more = [one for one in after.queries if one not in before.queries]
            wrong.append(f"{shown}: {len(before.queries)} → {len(after.queries)} queries {more}")
        # The best of the rounds: what the page takes, not what runs beside it.
        few, many = min(before.seconds), min(after.seconds)
        if many > max(TIMES * few, FLOOR) or many > CEILING:
            wrong.append(f"{shown}: {few * 1000:.0f} → {many * 1000:.0f} ms")
    assert not wrong, "\n".join(wrong)


def addresses(places: Places) -> Iterator[str]:
    for name in (*PAGES, *PARTS):
        yield pages.address(name, places) + question(name, places)


def visit(client: Client, address: str) -> Visit:
    client.get(address)  # what is made once: templates, connections
    with CaptureQueriesContext(connection) as context:
        status = client.get(address).status_code
    queries = [query["sql"][:200] for query in context.captured_queries]
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        client.get(address)
        seconds.append(time.perf_counter() - began)
    return Visit(status, queries, seconds)
