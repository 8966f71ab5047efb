"""From a change in the cluster to its commit in the registry's feed.

    script/bench commit

A real worker watches a practice cluster; cluster, worker, Valkey and this bench are four processes.
The bench has two readers of its own, both fed by the same change:

    raw event       a plain watch on the same server: the moment the event arrives at a reader that
                    does nothing with it. The floor, and the zero of the two figures below
    reader          until a feed reader in the bench's process holds the state
    commit          until the commit's own time stamp, taken by the worker right before it writes
                    (whole milliseconds, rounded down)

Every change gives a slice's first endpoint another pod. A change whose state was never written,
because a newer one of the same service was, counts until that newer one. A negative figure means
that the worker was quicker than the raw watch.
"""

from __future__ import annotations

import http.client
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from bench.parts import (
    Broken,
    Meter,
    options_of,
    print_head,
    print_table,
    print_verdict,
    spread,
    wait_for,
)
from bench.parts_cluster import ClusterProcess
from bench.parts_house import House, watched
from bench.parts_slices import MARK, name_of

IDLE = 8.0  # changes a second that leave a worker idle in between
BUDGET = (5.0, 50.0)  # milliseconds: median, 99th percentile


@dataclass
class Seen:
    """Per change or state, in order of arrival: its service, its number, when (seconds)."""

    raw: list[tuple[str, int, float]] = field(default_factory=list)
    read: list[tuple[str, int, float]] = field(default_factory=list)
    committed: list[tuple[str, int, float]] = field(default_factory=list)
    commits: int = 0


class RawWatch:
    """The floor: reads lines and notes the number in each."""

    def __init__(self, cluster: ClusterProcess, seen: Seen) -> None:
        server = urlsplit(cluster.server)
        tls = ssl.create_default_context(cadata=cluster.ca)
        self._connection = http.client.HTTPSConnection(
            server.hostname or "", server.port, context=tls, timeout=60
        )
        path = "/apis/discovery.k8s.io/v1/endpointslices"
        headers = {"Authorization": f"Bearer {cluster.token}"}
        self._connection.request("GET", f"{path}?limit=1", headers=headers)
        body = self._connection.getresponse().read().decode()
        version = body.partition('"resourceVersion":"')[2].partition('"')[0]
        query = f"watch=true&timeoutSeconds=3600&resourceVersion={version}"
        self._connection.request("GET", f"{path}?{query}", headers=headers)
        self._answer = self._connection.getresponse()
        self._seen = seen
        threading.Thread(target=self._read, name="raw watch", daemon=True).start()

    def _read(self) -> None:
        while line := self._answer.readline():
            now, found = time.monotonic(), MARK.search(line)
            if found:
                service = line.partition(b'"kubernetes.io/service-name":"')[2].partition(b'"')[0]
                self._seen.raw.append((service.decode(), int(found[1]), now))


@contextmanager
def following(registry_id: str, seen: Seen) -> Iterator[None]:
    """Follow the registry's feed and note when each state came and when it was committed."""
    from console import redis
    from console.contract import keys, wire
    from console.feed import FeedReader, follow
    from console.feed.reader import Entries

    times: dict[int, float] = {}
    apart = time.time() - time.monotonic()

    class Noting(FeedReader):
        def absorb(self, entries: Entries) -> None:
            for entry_id, fields in entries:
                times[int(entry_id.split(b"-")[1])] = int(fields[b"at"]) / 1000 - apart
            seen.commits += len(entries)
            super().absorb(entries)

    client = redis.store()
    reader = Noting(client, keys.feed(keys.registry(registry_id)))
    reader.sync()
    reader.take()
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            follow(client, [reader], block=0.5)
            now = time.monotonic()
            for state in reader.take().values():
                found = MARK.search(state or b"")
                if state and found:
                    service = wire.decode_service(state)
                    number = int(found[1])
                    seen.read.append((service.name, number, now))
                    if service.seq in times:
                        seen.committed.append((service.name, number, times[service.seq]))

    thread = threading.Thread(target=read, name="feed reader", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def lags(raw: list[tuple[str, int, float]], there: list[tuple[str, int, float]]) -> list[float]:
    """Milliseconds from each raw event to the first state that has it or a newer one."""
    arrived: dict[str, list[tuple[int, float]]] = {}
    for service, number, at in there:
        arrived.setdefault(service, []).append((number, at))
    found = []
    for service, number, at in raw:
        after = [when for newer, when in arrived.get(service, ()) if newer >= number]
        if not after:
            raise Broken(f"Change {number} of {service} never came to the feed.")
        found.append((min(after) - at) * 1000)
    return found


def measure(
    cluster: ClusterProcess, registry_id: str, rate: float, seconds: float, meters: dict[str, Meter]
) -> list[object]:
    """Run one rate and return its row."""
    seen = Seen()
    watch = RawWatch(cluster, seen)
    with following(registry_id, seen):
        for meter in meters.values():
            meter.restart()
        began = time.monotonic()
        cluster.ask("churn", rate)
        time.sleep(seconds)
        made = cluster.ask("calm")
        took = time.monotonic() - began
        shares = [f"{meter.share:.0%}" for meter in meters.values()]
        newest = {name_of(service)[1]: number for number, service, _ in made}
        wait_for(lambda: len(seen.raw) >= len(made), within=30, what="all raw events")
        wait_for(lambda: caught_up(seen, newest), within=30, what="all changes in the feed")
    del watch
    when = {number: at for number, _, at in made}
    floor = spread([(at - when[number]) * 1000 for _, number, at in seen.raw if number in when])
    reader = spread(lags(seen.raw, seen.read))
    commit = spread(lags(seen.raw, seen.committed))
    figures = [f"{value:.1f}" for value in (*floor[:2], *reader, *commit)]
    return [
        "idle" if rate == IDLE else f"{rate:,.0f}/s",
        len(made) / took,
        seen.commits / took,
        *figures,
        *shares,
    ]


def caught_up(seen: Seen, newest: dict[str, int]) -> bool:
    last = {service: number for service, number, _ in list(seen.read)}
    return all(last.get(service) == number for service, number in newest.items())


def main() -> None:
    options = options_of(__doc__)
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--services", type=int, default=1_000)
    options.add_argument("--endpoints", type=int, default=10)
    options.add_argument("--rates", type=float, nargs="*", default=[100, 1_000])
    chosen = options.parse_args()
    title = f"commit: {chosen.services:,} services of {chosen.endpoints} endpoints"
    print_head(title)
    with House() as house, ClusterProcess() as cluster:
        cluster.ask("fill", chosen.services, chosen.endpoints)
        registry_id = house.registry(cluster)
        worker = house.worker()
        wait_for(lambda: watched(registry_id), within=60, what="the worker watches")
        wait_for_services(registry_id, chosen.services)
        meters = {
            "worker": Meter(worker.pid),
            "cluster": Meter(cluster.pid),
            "valkey": Meter(house.valkey.pid),
        }
        rows = [
            measure(cluster, registry_id, rate, chosen.seconds, meters)
            for rate in (IDLE, *chosen.rates)
        ]
    head = ["ms", "changes/s", "commits/s", "raw p50", "p99", "reader p50", "p99", "max"]
    head += ["commit p50", "p99", "max", *(f"CPU {name}" for name in meters)]
    print_table(head, rows)
    print("raw: from the change in the cluster to the raw event; the others count from there")
    for row in rows:
        median, tail = float(str(row[5])), float(str(row[6]))
        print_verdict(
            median <= BUDGET[0] and tail <= BUDGET[1],
            f"{row[0]}: a reader has it {median:.1f} ms after the raw event, p99 {tail:.1f}"
            f" (budget: {BUDGET[0]:.0f} and {BUDGET[1]:.0f})",
        )


def wait_for_services(registry_id: str, services: int) -> None:
    from console import redis
    from console.contract import keys

    states: Any = keys.feed(keys.registry(registry_id)).states
    wait_for(
        lambda: redis.store().hlen(states) == services, within=120, what="all services in the feed"
    )


if __name__ == "__main__":
    main()
