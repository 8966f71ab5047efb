"""Resources to drive with, by the keys of a feed."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec

from console.contract import keys
from console.contract.wire import Node, Path, Resource, Route, Upstream
from tests.gateways.examples import EXAMPLES

from .cases import CASES, SETTINGS

World = dict[str, Resource]


def upstream(number: int = 0, *, nodes: int = 2, **fields: Any) -> World:
    name = f"u{number}"
    found = tuple(Node(host=f"10.0.{number % 250}.{one + 1}", port=8080) for one in range(nodes))
    fields = {"name": f"shop/{number}", "nodes": found} | fields
    return {keys.upstream(name): Upstream(id=name, **fields)}


def route(number: int = 0, **fields: Any) -> World:
    name = f"r{number}"
    values = {
        "name": f"shop/{number}",
        "upstream": f"u{number}",
        "hosts": (f"s{number}.portolan.test",),
        "paths": (Path(path="/"),),
    }
    return {keys.route(name): Route(id=name, **(values | fields))}


def shops(count: int) -> World:
    found: World = {}
    for number in range(count):
        found |= upstream(number) | route(number)
    return found


def examples() -> World:
    """All examples, each with an id of its own and an upstream that is there."""
    found: World = dict(upstream(0))
    own = [resource for resource, settings in CASES.values() if settings is SETTINGS]
    for resource in [*EXAMPLES.values(), *own]:
        name = str(uuid.uuid4())
        if isinstance(resource, Upstream):
            found[keys.upstream(name)] = msgspec.structs.replace(resource, id=name)
        else:
            found[keys.route(name)] = msgspec.structs.replace(resource, id=name, upstream="u0")
    return found


def refused_by_apisix(number: int = 0, **fields: Any) -> World:
    """A route that our render lets pass and APISIX does not."""
    return route(number, plugins={"uri-blocker": {}}, **fields)
