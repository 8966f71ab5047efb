"""How long a patched slice takes until a gateway's first request is served by the new node.

    script/bench propagation
    script/bench propagation --sizes 1000 --kinds envoy traefik --rounds 200

A house of its own for each size: PostgreSQL and Valkey, a practice cluster with that many services,
as many published applications, and a real worker that watches, compiles and drives. One gateway
after the other is started beside them. In every round one PATCH points a slice at the other of two
replicas; each hop is the time since the PATCH was sent:

    raw watch           a plain watch of the bench's own on the same server: the floor
    registry feed       a reader in the bench's process holds the service's new state
    control plane feed  likewise the compiled upstream
    driver done         the worker's driver has handed it over (whole milliseconds, rounded down)
    Envoy's ACK         the xDS server has Envoy's word that it took it (likewise)
    served              a client that asks all the time has the first answer of the new node

A real APISIX takes part if there is one: see bench/parts_apisix.py.
"""

from __future__ import annotations

import multiprocessing
import random
import statistics
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from bench.parts import Broken, options_of, print_head, print_table, print_verdict, wait_for
from bench.parts_apisix import ApisixAdmin, ApisixDiscovery
from bench.parts_client import Client
from bench.parts_cluster import ClusterProcess
from bench.parts_echo import ADDRESSES, Echo
from bench.parts_edges import APPLIED, Bed, Edge, Missing
from bench.parts_envoy import ACKED, Envoy
from bench.parts_hops import PLANE, REGISTRY, SERVED, WATCH, Seen, Slice, following
from bench.parts_house import House, watched
from bench.parts_published import publish
from bench.parts_traefik import (
    TraefikFile,
    TraefikHttp,
    TraefikKubernetes,
    TraefikRest,
    TraefikTree,
)

EDGES: dict[str, type[Edge]] = {
    one.name: one
    for one in (
        *(Envoy, ApisixDiscovery, ApisixAdmin),
        *(TraefikRest, TraefikHttp, TraefikTree, TraefikFile, TraefikKubernetes),
    )
}
# Milliseconds at 1,000 services and more: median, 95th percentile.
BUDGETS = {"envoy": (10.0, 15.0), "apisix-discovery": (9.0, 12.0), "apisix-admin": (18.0, None)}
FEEDS = "feeds"  # no gateway at all
WARM = 3  # rounds that do not count
MOST = 40.0  # seconds for one gateway, if it has made …
LEAST = 5  # … as many rounds

Round = dict[str, float]
Measured = dict[str, list[Round]]


def main() -> None:
    options = options_of(__doc__)
    options.add_argument("--sizes", type=int, nargs="*", default=[100, 1_000, 10_000])
    options.add_argument("--kinds", nargs="*", choices=(FEEDS, *EDGES), default=list(EDGES))
    options.add_argument("--rounds", type=int, default=100)
    options.add_argument("--pause", type=float, default=0.1, help="seconds between two rounds")
    options.add_argument(
        "--queues", nargs="*", default=["watch,compile,drive,celery"], help="of each worker process"
    )
    chosen = options.parse_args()
    print_head(f"propagation: {', '.join(chosen.kinds)}, {chosen.rounds} rounds each")
    found: dict[int, Measured] = {}
    for size in chosen.sizes:
        # Django is set up once a process, so each size has its own.
        spawning = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=spawning) as process:
            job = (size, chosen.kinds, chosen.rounds, chosen.pause, chosen.queues)
            found[size] = process.submit(measure, *job).result()
        print_hops(size, found[size])
    print_ratios(chosen.kinds, found)


def measure(
    size: int, kinds: Sequence[str], rounds: int, pause: float, queues: Sequence[str]
) -> Measured:
    """All kinds at one size."""
    found: Measured = {}
    with House() as house, ClusterProcess() as cluster, Echo() as echo:
        cluster.ask("fill", size - 1, 3)
        slice_ = Slice(cluster, echo.port, ADDRESSES)
        registry_id = house.registry(cluster)
        from console import redis
        from console.contract import keys
        from registries.models import Registry

        registry = Registry.objects.select_related("control_plane").get(pk=registry_id)
        upstream = publish(registry, size)
        for names in queues:
            house.worker(threads=16, queues=names)
        wait_for(lambda: watched(registry_id), within=60, what="the worker watches")
        plane = str(registry.control_plane_id)
        states: Any = keys.feed(keys.control_plane(plane)).states
        wait_for(lambda: redis.store().hlen(states) == 2 * size, within=120, what="all compiled")
        with following(slice_, registry_id, plane) as seen:
            for kind in kinds:
                if kind == FEEDS:
                    found[kind] = run(slice_, seen, rounds, pause)
                    continue
                bed = Bed(house, cluster, registry.control_plane, echo.port, upstream)
                edge = EDGES[kind](bed)
                try:
                    with bed.stack:
                        found[kind] = run_gateway(edge, slice_, seen, rounds, pause)
                except (Missing, Broken) as error:
                    print(f"{kind} at {size:,}: left out: {error} {edge.says()}", flush=True)
    return found


def run_gateway(edge: Edge, slice_: Slice, seen: Seen, rounds: int, pause: float) -> list[Round]:
    port = edge.begin()
    if not port:
        wait_for(edge.in_sync, within=600, what=f"{edge.name} has everything")
        return run(slice_, seen, rounds, pause, edge)
    with Client(port, edge.host) as client:
        before = slice_.patch()[0]
        client.ask(before, within=600, pause=0.05)  # it has thousands of services to read
        client.answer()
        if edge.driven:  # this route may have been among the first of thousands
            wait_for(edge.in_sync, within=600, what=f"{edge.name} has everything")
        return run(slice_, seen, rounds, pause, edge, client)


def run(
    slice_: Slice,
    seen: Seen,
    rounds: int,
    pause: float,
    edge: Edge | None = None,
    client: Client | None = None,
) -> list[Round]:
    """Patch again and again; milliseconds to each hop."""
    found: list[Round] = []
    began = time.monotonic()
    while len(found) < WARM + rounds:
        time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - in no step with anything
        seen.want(f'"{slice_.next}"')
        if client:
            client.ask(slice_.next, within=60)
            time.sleep(0.02)  # until it asks
        _, sent = slice_.patch()
        at = {}
        if client:
            at[SERVED], _failed = client.answer()
        at |= seen.wait((WATCH, REGISTRY, PLANE))
        at |= edge.hops(sent) if edge else {}
        found.append({hop: (moment - sent) * 1000 for hop, moment in at.items()})
        if len(found) >= WARM + LEAST and time.monotonic() - began > MOST:
            break
    return found[WARM:]


def last_of(rounds: list[Round]) -> str:
    """The last hop that was measured."""
    return next(hop for hop in (SERVED, APPLIED, PLANE) if hop in rounds[0])


def figures(times: Iterable[float]) -> tuple[float, float, float]:
    """Median, 95th percentile, maximum."""
    ordered = sorted(times)
    return statistics.median(ordered), ordered[int(len(ordered) * 0.95)], ordered[-1]


def print_hops(size: int, found: Measured) -> None:
    rows: list[list[object]] = []
    for kind, rounds in found.items():
        for hop in (WATCH, REGISTRY, PLANE, APPLIED, ACKED, SERVED):
            times = [one[hop] for one in rounds if hop in one]
            if times:
                cells = [f"{value:.1f}" for value in figures(times)]
                rows.append([f"{kind}: {hop}", *cells, len(times)])
    print(f"\n{size:,} services; milliseconds since the PATCH was sent")
    print_table(["", "median", "p95", "max", "rounds"], rows)


def print_ratios(kinds: Sequence[str], found: dict[int, Measured]) -> None:
    """The end of the way, kinds by sizes, against the floor of the same rounds and 1,000."""
    head = [
        "served, ms",
        *(f"{size:,} {word}" for size in found for word in ("p50", "p95", "×raw")),
    ]
    against = 1_000 if 1_000 in found else min(found)
    head += [f"{size:,}/{against:,}" for size in found if size != against]
    rows: list[list[object]] = []
    for kind in kinds:
        medians: dict[int, float] = {}
        ends = {last_of(one[kind]) for one in found.values() if one.get(kind)} - {SERVED}
        row: list[object] = [f"{kind}, {ends.pop()}" if ends else kind]
        for size, measured in found.items():
            rounds = measured.get(kind)
            if not rounds:
                row += ["–"] * 3
                continue
            medians[size], tail, _ = figures(one[last_of(rounds)] for one in rounds)
            floor = figures(one[WATCH] for one in rounds)[0]
            row += [f"{medians[size]:.1f}", f"{tail:.1f}", f"{medians[size] / floor:.1f}"]
        for size in found:
            if size != against:
                both = size in medians and against in medians
                row.append(f"{medians[size] / medians[against]:.2f}" if both else "–")
        rows.append(row)
    print("\nkinds × sizes; ×raw: against the raw watch event in the same rounds")
    print_table(head, rows)
    for kind, (half, most) in BUDGETS.items():
        for size, measured in found.items():
            if measured.get(kind):
                last = last_of(measured[kind])
                median, tail, _ = figures(one[last] for one in measured[kind])
                kept = median <= half and (most is None or tail <= most)
                print_verdict(
                    kept,
                    f"{kind} at {size:,}, {last}: {median:.1f} ms, p95 {tail:.1f}"
                    f" (budget: {half:.0f}" + (f" and {most:.0f})" if most else ")"),
                )


if __name__ == "__main__":
    main()


__all__ = ["Broken", "figures", "measure"]
