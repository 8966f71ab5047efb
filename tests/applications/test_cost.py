"""A changed service costs what it changed, however many applications there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from applications.follower import Pace
from applications.models import Api, Application, Member, Upstream
from console.models import ControlPlane
from console.redis import Client
from tests.applications.conftest import Compiling, Discovered
from tests.threads import eventually


def fill(plane: ControlPlane, registry: Discovered, number: int) -> None:
    """Many published applications, each with a service of its own."""
    applications = [
        Application(
            control_plane=plane, name=f"a{n}", hosts=[f"a{n}.org"], published=True, revision=1
        )
        for n in range(number)
    ]
    Application.objects.bulk_create(applications)
    upstreams = [Upstream(application=one) for one in applications]
    Upstream.objects.bulk_create(upstreams)
    Member.objects.bulk_create(
        Member(
            upstream=upstream,
            kind="discovery",
            registry=registry.row,
            namespace="shop",
            service=f"s{n}",
            service_port="80-80",
        )
        for n, upstream in enumerate(upstreams)
    )
    Api.objects.bulk_create(
        Api(application=one, name="main", paths=[{"path": "/", "type": "prefix"}], published=True)
        for one in applications
    )


class Queries:
    def __init__(self) -> None:
        self.number = 0

    @contextmanager
    def counted(self) -> Iterator[None]:
        from django.db import connection

        def count(execute: Any, *rest: Any) -> Any:
            self.number += 1
            return execute(*rest)

        with connection.execute_wrapper(count):
            yield


def commands(store: Client) -> int:
    """What was asked of the server by clients of the feeds since the last reset."""
    return sum(
        stats["calls"]
        for name, stats in store.info("commandstats").items()
        if name.partition("cmdstat_")[2] in ("hget", "hmget", "hscan", "hgetall", "evalsha", "hlen")
    )


@pytest.mark.parametrize("number", [100, 1_000])
def test_one_changed_service_is_a_handful_of_commands_and_no_query(
    number: int, compiling: Compiling, plane: ControlPlane, registry: Discovered, store: Client
) -> None:
    fill(plane, registry, number)
    registry.put("shop/s7", "10.0.0.1")
    queries = Queries()
    with compiling(pace=Pace(look=60, verify=60), around=queries.counted) as compiled:
        eventually(lambda: compiled.seq == 1, within=20)
        assert len(compiled.resources()) == 2 * number
        assert queries.number < 10, "all applications cost a constant number of queries"
        before = queries.number
        for turn in range(1, 4):
            store.config_resetstat()
            registry.put("shop/s7", f"10.0.1.{turn}")
            entries = store.xread({compiled.feed.changes: f"1-{turn}"}, block=3_000)
            assert len(entries[0][1]) == 1
            # A commit is EVALSHA and the HMGET within it, twice: the test's own and the
            # compiler's. Between them the compiler reads one state.
            assert commands(store) == 5
        assert queries.number == before
        assert compiled.hosts()["a7/default"] == ["10.0.1.3"]


def test_kept_nodes_cost_one_changed_service_nothing_more(
    compiling: Compiling, plane: ControlPlane, registry: Discovered, store: Client
) -> None:
    """Whole clusters are empty and kept; one service comes and goes."""
    number = 300
    fill(plane, registry, number)
    Upstream.objects.update(on_empty="keep", keep_for=600)
    names = [f"shop/s{n}" for n in range(number)]
    for name in names:
        registry.put(name, "10.0.0.1")
    queries = Queries()
    with compiling(pace=Pace(look=60, verify=60), around=queries.counted) as compiled:
        eventually(lambda: compiled.seq == 1, within=20)
        registry.writer.commit(dict.fromkeys(names))
        eventually(lambda: compiled.seq == 2)
        kept = [one for one in compiled.resources().values() if getattr(one, "kept_until", 0)]
        assert len(kept) == number
        before = queries.number
        for turn in range(2, 6):
            store.config_resetstat()
            registry.put("shop/s7", *["10.0.1.1"] * (turn % 2 == 0))
            entries = store.xread({compiled.feed.changes: f"1-{turn}"}, block=3_000)
            assert len(entries[0][1]) == 1
            assert commands(store) == 5, "as without any kept nodes"
        assert queries.number == before
