"""What nobody thought of costs the one resource that has it."""

from __future__ import annotations

from typing import Any

import pytest

from console.contract.wire import Node, Resource
from gateways import drivers
from gateways.drivers.traefik import unsupported
from tests.gateways.examples import route, upstream

UNFORESEEN: Any = None  # where a number, a text, a struct must be


@pytest.mark.parametrize(
    ("odd", "named"),
    [
        (upstream(timeouts=UNFORESEEN), "AttributeError"),
        (upstream(nodes=(Node(host=UNFORESEEN, port=80),)), "TypeError"),
        (route(hosts=(7,)), "AttributeError"),
        (route(paths=({},)), "AttributeError"),
        (route(methods=(7,)), "TypeError"),
    ],
)
@pytest.mark.parametrize("given", [{}, {"redis_url": "redis://x"}])
def test_a_surprise_in_a_resource_is_a_refusal_that_names_it(
    odd: Resource, named: str, given: dict[str, Any]
) -> None:
    key = f"{odd.__struct_config__.tag}/odd"
    resources = {"upstream/u2": upstream(id="u2"), "route/r2": route(id="r2"), key: odd}
    shown = drivers.preview("traefik", given, resources)
    assert any("r2-portolan" in place for place in shown.documents), "the others go out"
    assert shown.refused.keys() == {key}
    assert odd.name in shown.refused[key]
    assert named in shown.refused[key]
    assert unsupported(odd) == [shown.refused[key].removeprefix(f"{odd.name}: ")]
