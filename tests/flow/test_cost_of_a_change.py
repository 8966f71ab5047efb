"""From the slice to the control plane's feed, a change costs what it changed: at 3,000 services the
same steps and the same commands as at 30. Counted, so that the machine's speed does not matter."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from applications.compiler import Plan
from console.contract import keys, wire
from console.feed import FeedReader, FeedWriter, follow
from console.redis import Client
from registries.endpoints import EndpointStore
from registries.publisher import Publisher
from tests.applications.specs import api_spec, application, discovered, upstream_spec
from tests.registries.parts import part

FEW, MANY = 30, 3_000
SERVICES, RESOURCES = keys.feed(keys.registry("r1")), keys.feed(keys.control_plane("c1"))


class Way:
    """The steps of a change, in one thread: store, publisher, feed, plan, feed, reader."""

    def __init__(self, client: Client, services: int) -> None:
        client.flushdb()
        self.client = client
        self.store = EndpointStore()
        self.publisher = Publisher(self.store, FeedWriter(client, SERVICES, epoch=1))
        self.publisher.open()
        self.store.replace(
            "", [part(f"s{n}-1", "10.0.0.1", service=f"s{n}") for n in range(services)]
        )
        self.publisher.publish()
        self.plan = Plan()
        for n in range(services):
            self.plan.put_application(
                application(
                    number=n,
                    hosts=(f"a{n}.org",),
                    upstreams=(upstream_spec(discovered(service=f"s{n}"), id=f"u{n}"),),
                    apis=(api_spec(id=f"a{n}"),),
                )
            )
        self.plan.know("r1")
        self.services = FeedReader(client, SERVICES)
        self.services.sync()
        self.writer = FeedWriter(client, RESOURCES, epoch=1)
        self.writer.open()
        self.compile()
        self.resources = FeedReader(client, RESOURCES)
        self.resources.sync()
        assert len(self.resources.take()) == 2 * services
        self.turn = 0

    def compile(self) -> None:
        for name, state in self.services.take().items():
            self.plan.put_service(("r1", name), wire.decode_service(state) if state else None)
        changed = self.plan.take(1)
        self.writer.commit({key: wire.encode(one) for key, one in changed.items() if one})

    def change(self) -> None:
        """One service's endpoint is replaced."""
        self.turn += 1
        self.store.put(part("s7-1", f"10.0.{self.turn}.1", service="s7"), at=self.turn)
        self.publisher.publish()
        follow(self.client, [self.services], block=5)
        self.compile()
        follow(self.client, [self.resources], block=5)
        (state,) = self.resources.take().values()
        assert f"10.0.{self.turn}.1".encode() in (state or b"")


def steps(work: Callable[[], None]) -> int:
    """Calls of functions, Python's and C's, that a piece of work makes."""
    number = 0

    def count(_: Any, event: str, __: Any) -> None:
        nonlocal number
        number += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return number


def commands(client: Client) -> dict[str, int]:
    return {name: stats["calls"] for name, stats in client.info("commandstats").items()}


def cost(way: Way) -> tuple[int, dict[str, int], int]:
    """Steps, commands by name and bytes to and from Redis of one change."""
    for _ in range(3):
        way.change()  # connections and caches
    made = min(steps(way.change) for _ in range(3))
    way.client.config_resetstat()
    way.change()
    stats, counted = way.client.info("stats"), commands(way.client)
    return made, counted, stats["total_net_input_bytes"] + stats["total_net_output_bytes"]


@pytest.mark.usefixtures("store")
def test_a_change_costs_at_many_services_what_it_costs_at_few(store: Client) -> None:
    few, many = cost(Way(store, FEW)), cost(Way(store, MANY))
    assert many[0] <= few[0] * 1.02, f"{many[0]} steps at {MANY} services, {few[0]} at {FEW}"
    assert many[1] == few[1]
    assert many[2] <= few[2] * 1.05, "bytes to and from Redis"
