"""A change costs what changed, however many upstreams there are."""

from __future__ import annotations

import time

from tests.gateways.discovery.bed import Bed
from tests.gateways.discovery.conftest import Plane, Server, Start, at, upstream
from tests.gateways.discovery.latency import measure


def spent(valkey: Server) -> tuple[int, int]:
    """Commands that Redis ran, and bytes that it sent."""
    return (
        valkey.client.info("stats")["total_commands_processed"],
        valkey.client.info("stats")["total_net_output_bytes"],
    )


def cost_of_a_change(plane: Plane, valkey: Server, bed: Bed, changes: int = 20) -> float:
    before = spent(valkey)[1]
    for number in range(changes):
        plane.publish(upstream("u1", 2000 + number % 2))
        at(bed, plane.position)
    return (spent(valkey)[1] - before) / changes


def test_ten_thousand_upstreams(plane: Plane, valkey: Server, start: Start) -> None:
    bed = start()
    costs = []
    for size in (100, 10_000):
        plane.publish(*[upstream(f"u{n}", 1000 + n) for n in range(size)])
        at(bed, plane.position, within=60)
        costs.append(cost_of_a_change(plane, valkey, bed))
    assert costs[1] < costs[0] * 1.5
    began = time.monotonic()
    bed.stop()
    bed.start()
    at(bed, plane.position, within=60)
    assert bed.control("/status")[1]["upstreams"] == 10_000
    assert time.monotonic() - began < 30


def test_the_measurement_measures(plane: Plane, start: Start) -> None:
    found = measure(start(), plane, upstreams=50, commits=10)
    assert len(found) == 10
    assert found[0] > 0
