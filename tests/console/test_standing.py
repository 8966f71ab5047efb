"""Why an upstream has no nodes, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests import factories

if TYPE_CHECKING:
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
    publish(rows.registry, httpbin, phase="failing", text="403 forbidden")
    count, reason = _reason(rows)
    assert count == 2
    assert "403 forbidden" in reason
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
