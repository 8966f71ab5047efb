"""A registry whose chronicle is kept, and what stands in it."""

from __future__ import annotations

from console.contract import keys, wire
from registries import chronicle
from registries.chronicle import Move

ID = "tested"
OWNER = keys.registry(ID)


def node(address: str, **conditions: object) -> wire.Endpoint:
    return wire.Endpoint(**{"address": address, "pod": f"web-{address[-1]}"} | conditions)  # type: ignore[arg-type]


def service(*nodes: wire.Endpoint, name: str = "web") -> wire.Service:
    return wire.Service(
        namespace="shop",
        name=name,
        subsets=(wire.Subset(ports=(wire.Port(port=80),), endpoints=nodes),),
    )


def told() -> list[Move]:
    """The chronicle, oldest first."""
    return chronicle.recent([ID], limit=10_000)[::-1]


A, B = node("10.0.0.1"), node("10.0.0.2")
