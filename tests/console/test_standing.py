"""Why an upstream has no nodes, in words."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from tests import factories

if TYPE_CHECKING:
    from django.test import Client

    from console.contract import wire

    from .conftest import Publish, Rows


def _reason(rows: Rows, **changes: Any) -> tuple[int, str]:
    from applications import standing

    rows.registry.refresh_from_db()
    [found] = standing.of_members([factories.make_member(rows.registry, **changes)])
    return len(found.nodes), found.reason


def test_ready_nodes_need_no_reason(rows: Rows, publish: Publish, httpbin: wire.Service) -> None:
    publish(rows.registry, httpbin)
    assert _reason(rows) == (2, "")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"service": "other"}, "No service apisix/other"),
        ({"service_port": "grpc"}, "no port “grpc”; it offers 80-80, m"),
        ({"service_port": ""}, "several ports; choose one of 80-80, m"),
    ],
)
def test_a_wrong_choice_is_named(
    changes: dict[str, str], says: str, rows: Rows, publish: Publish, httpbin: wire.Service
) -> None:
    publish(rows.registry, httpbin)
    count, reason = _reason(rows, **changes)
    assert count == 0
    assert says in reason


def test_a_registry_that_was_never_read_is_named(rows: Rows) -> None:
    assert "has not been read yet" in _reason(rows)[1]


def test_a_failing_registry_keeps_its_nodes_and_says_why(
    rows: Rows, publish: Publish, httpbin: wire.Service
) -> None:
    publish(rows.registry, httpbin, phase="failing", reason="forbidden", text="403")
    count, reason = _reason(rows)
    assert count == 2
    assert "may not read the endpoints" in reason
    assert "as they were" in reason


def test_endpoints_that_are_not_ready_are_counted(rows: Rows, publish: Publish) -> None:
    from console.contract import wire

    port = (wire.Port(port=80, name=factories.PORT),)
    sick = wire.Endpoint(address="10.0.0.1", ready=False)
    service = wire.Service(
        namespace="apisix",
        name="httpbin",
        subsets=(wire.Subset(ports=port, endpoints=(sick,)),),
    )
    publish(rows.registry, service)
    assert "None of its 1 endpoints is ready" in _reason(rows)[1]
    publish(rows.registry, wire.Service(namespace="apisix", name="httpbin"))
    assert "no pod is behind it" in _reason(rows)[1]


NOW = int(time.time() * 1000)
LATER = NOW + 36_000_000  # ms; after the last test of any run
MOMENT = r"\d\d:\d\d:\d\d UTC"


@pytest.mark.parametrize(
    ("nodes", "since", "until", "says"),
    [
        (3, 0, 0, ""),
        (
            3,
            NOW,
            LATER,
            f"No endpoint is ready since (.* )?{MOMENT}; the last 3 nodes are kept until"
            f" (.* )?{MOMENT}.",
        ),
        (1, NOW, LATER, f".*; the last node is kept until (.* )?{MOMENT}."),
        (
            3,
            1_700_000_000_000,
            1_700_000_030_000,
            "No endpoint is ready since 2023-11-14 22:13:20 UTC; the last 3 nodes were kept until"
            " 2023-11-14 22:13:50 UTC and stay until their registry has been read and compiled"
            " again.",
        ),
    ],
    ids=["nothing kept", "several", "one", "over"],  # the moment is no name: it differs by process
)
def test_kept_nodes_are_told_of(nodes: int, since: int, until: int, says: str) -> None:
    from applications import standing
    from console.contract import wire

    upstream = wire.Upstream(
        id="u",
        name="u",
        nodes=tuple(wire.Node(host=f"10.0.0.{n}", port=80) for n in range(nodes)),
        kept_since=since,
        kept_until=until,
    )
    assert re.fullmatch(says, standing.kept(upstream))


def test_pages_tell_of_kept_nodes(page: Client, rows: Rows, store: Any) -> None:
    from console.contract import keys, wire
    from console.feed import FeedWriter

    upstream = str(rows.application.upstreams.get().pk)
    writer = FeedWriter(store, keys.feed(keys.control_plane(str(rows.plane.pk))), epoch=1)
    writer.open()
    compiled = wire.Upstream(
        id=upstream,
        name="x",
        nodes=(wire.Node(host="10.0.0.1", port=80),),
        kept_since=NOW,
        kept_until=LATER,
    )
    writer.commit({keys.upstream(upstream): wire.encode(compiled)})
    for name in ("application-detail", "application-live"):
        html = page.get(reverse(f"applications:{name}", args=[rows.application.pk])).content
        assert "the last node is kept until" in html.decode()
    html = page.get(reverse("applications:application-list")).content.decode()
    assert "0, 1 kept" in html
