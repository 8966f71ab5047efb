"""Many registries in one worker: what they cost while nothing happens, and all coming back at once.

    script/bench registries

A real worker (Celery, -P threads) watches them all; the practice cluster behind them is another
process. First nothing changes: CPU, memory and threads of the worker. Then every connection is
reset at the same moment, once with versions to go on from, once without (compacted): how long
until all watch again, and what that took: lists of everything (also those that come as the first
events of a watch), lists of one object that prove that the server knows a version, and watches. A
cluster that comes back must not be knocked over by those who waited for it.
"""

from __future__ import annotations

import time

import psutil

from bench.parts import Broken, Meter, options_of, print_head, print_table, print_verdict, wait_for
from bench.parts_cluster import ClusterProcess
from bench.parts_house import House

BUDGET = (0.05, 400.0)  # of a core, MiB


def main() -> None:
    options = options_of(__doc__)
    options.add_argument("--registries", type=int, default=200)
    options.add_argument("--services", type=int, default=10)
    options.add_argument("--endpoints", type=int, default=10)
    options.add_argument("--seconds", type=float, default=60)
    chosen = options.parse_args()
    number = chosen.registries
    print_head(f"{number} registries of {chosen.services} services in one worker")
    with House() as house, ClusterProcess() as cluster:
        cluster.ask("fill", chosen.services, chosen.endpoints)
        ids = [house.registry(cluster, f"bench-{one}") for one in range(number)]
        worker = house.worker(threads=number + 10)
        began = time.monotonic()
        wait_for(lambda: all_watched(ids, chosen.services), within=180, what="all are watched")
        print(f"All watched {time.monotonic() - began:.1f} s after the worker was started.\n")
        time.sleep(min(5.0, chosen.seconds))
        idle = measure_idle(Meter(worker.pid), Meter(house.valkey.pid), chosen.seconds)
        connections = of_database(worker.pid)
        rows = [
            come_back(cluster, number, compacted=compacted, worker=Meter(worker.pid))
            for compacted in (False, True)
        ]
        if not all_watched(ids, chosen.services):
            raise Broken("Some registry is not connected any more.")
    print_table(
        ["idle", "CPU", "a registry", "MiB", "threads", "PostgreSQL connections", "CPU Valkey"],
        [
            [
                f"{chosen.seconds:.0f} s",
                f"{idle['share']:.1%}",
                f"{idle['share'] / number:.3%}",
                idle["rss"],
                int(idle["threads"]),
                connections,
                f"{idle['valkey']:.1%}",
            ]
        ],
    )
    print()
    head = ["all dropped", "until all watch", "lists", "most in 1 s", "proofs", "watches"]
    print_table([*head, "CPU s"], rows)
    print_verdict(
        idle["share"] <= BUDGET[0] and idle["rss"] <= BUDGET[1],
        f"idle {idle['share']:.1%} of a core, {idle['rss']:.0f} MiB"
        f" (budget: {BUDGET[0]:.0%}, {BUDGET[1]:.0f} MiB)",
    )


def all_watched(ids: list[str], services: int) -> bool:
    from registries import health

    time.sleep(0.1)
    return all(
        status.phase == "connected" and status.services == services
        for status in health.read(ids).values()
    )


def measure_idle(worker: Meter, valkey: Meter, seconds: float) -> dict[str, float]:
    worker.restart()
    valkey.restart()
    time.sleep(seconds)
    return {
        "share": worker.share,
        "rss": worker.rss,
        "threads": worker.threads,
        "valkey": valkey.share,
    }


def come_back(
    cluster: ClusterProcess, number: int, *, compacted: bool, worker: Meter
) -> list[object]:
    worker.restart()
    found = cluster.ask("drop_and_wait", number, compacted=compacted, within=120)
    if "counted" not in found:
        raise Broken(f"Only {found['open']} of {number} watch again after two minutes.")
    return [
        "and compacted" if compacted else "connections",
        f"{found['seconds']:.1f} s",
        found["counted"]["lists"],
        found["busiest"],
        found["counted"]["proofs"],
        found["counted"]["watches"],
        worker.seconds,
    ]


def of_database(pid: int) -> int:
    """The connections that a worker holds to PostgreSQL."""
    from django.conf import settings

    port = settings.DATABASES["default"]["PORT"]
    found = psutil.Process(pid).net_connections(kind="tcp")
    return sum(1 for one in found if one.raddr and one.raddr.port == port)


if __name__ == "__main__":
    main()
