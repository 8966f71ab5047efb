"""The first sync of a large cluster: how long, and how much memory.

    script/bench firstsync

Each reader is a fresh process. Ours is the whole watcher of a registry: from its start (lease and
epoch taken) until Redis holds every service; memory is the most it ever had, less what it had
before. The official client lists the same, into its models, in one request and in pages: no store,
no Redis. The practice cluster is another process; how much CPU it took for each is in the table,
for on a small machine its work is part of the time.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from bench.parts import (
    BASE,
    Broken,
    Meter,
    Peak,
    options_of,
    print_head,
    print_table,
    print_verdict,
)
from bench.parts_cluster import ClusterProcess
from bench.parts_house import House
from bench.parts_official import slices_api

BUDGET = (5.0, 250.0)  # seconds, MiB
WITHIN = 300.0


def sync_with_ours(registry_id: str, services: int) -> tuple[float, dict[str, Any]]:
    """Run the watcher until Redis has everything; return the seconds, and what it says of it."""
    from console import redis
    from console.contract import keys
    from console.ownership import own
    from registries import health, watcher
    from registries.models import Registry

    owner, stop = keys.registry(registry_id), threading.Event()
    thread = threading.Thread(
        target=own,
        args=(owner,),
        kwargs={
            "claim_epoch": lambda: Registry.claim_epoch(registry_id),
            "body": lambda ownership: watcher.watch(registry_id, ownership),
            "stop": stop,
        },
        daemon=True,
    )
    began = time.monotonic()
    thread.start()
    states = keys.feed(owner).states
    while redis.store().hlen(states) < services:
        if time.monotonic() - began > WITHIN:
            raise Broken(f"Redis has {redis.store().hlen(states)} of {services} services.")
        time.sleep(0.02)
    took = time.monotonic() - began
    time.sleep(1.0)  # for the status, and for what comes right after the last commit
    status = health.read([registry_id])[registry_id]
    stop.set()
    thread.join(20)
    if status.services != services:
        raise Broken(f"The status speaks of {status.services} services.")
    return took, {"streamed": status.streamed, "endpoints": status.endpoints}


def list_officially(chosen: argparse.Namespace, *, page: int) -> tuple[float, dict[str, Any]]:
    """List all slices into models, and keep them as a cache would."""
    api = slices_api(chosen.server, Path(chosen.ca), token=os.environ["BENCH_TOKEN"])
    began, kept, token = time.monotonic(), [], None
    while True:
        more = {"limit": page, "_continue": token} if page else {}
        answer = api.list_endpoint_slice_for_all_namespaces(**more)
        kept += answer.items
        token = answer.metadata._continue
        if not token:
            break
    endpoints = sum(len(one.endpoints) for one in kept)
    return time.monotonic() - began, {"endpoints": endpoints}


def run_reader(chosen: argparse.Namespace) -> None:
    """In the fresh process: sync, and print the figures."""
    if chosen.reader == "ours":
        import django

        django.setup()
        from registries import watcher  # noqa: F401 - loading code is not syncing
    else:
        import kubernetes.client  # noqa: F401
    peak, cpu = Peak(), time.process_time()
    if chosen.reader == "ours":
        took, more = sync_with_ours(chosen.registry, chosen.services)
    else:
        took, more = list_officially(chosen, page=500 if chosen.reader == "pages" else 0)
    cpu = time.process_time() - cpu
    if more["endpoints"] != chosen.services * chosen.endpoints:
        raise Broken(f"There are {more['endpoints']} endpoints.")
    print(json.dumps({"took": took, "cpu": cpu, "memory": peak.growth(), **more}))
    sys.stdout.flush()


def measure(cluster: ClusterProcess, ca: Path, chosen: argparse.Namespace, *words: str) -> Any:
    """Let a fresh process sync; its figures, and the CPU seconds of the cluster for it."""
    argv = [sys.executable, "-m", "bench.firstsync", "--server", cluster.server, "--ca", str(ca)]
    argv += ["--services", str(chosen.services), "--endpoints", str(chosen.endpoints), *words]
    meter = Meter(cluster.pid)
    env = os.environ | {"BENCH_TOKEN": cluster.token}
    done = subprocess.run(argv, cwd=BASE, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Broken(f"{' '.join(words)}: {done.stderr.strip()[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1]) | {"cluster": meter.seconds}


def main() -> None:
    options = options_of(__doc__)
    options.add_argument("--services", type=int, default=10_000)
    options.add_argument("--endpoints", type=int, default=10)
    for hidden in ("--reader", "--registry", "--server", "--ca"):
        options.add_argument(hidden, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.reader:
        run_reader(chosen)
        return
    print_head(f"first sync: {chosen.services:,} services of {chosen.endpoints} endpoints")
    with House() as house, ClusterProcess() as cluster:
        cluster.ask("fill", chosen.services, chosen.endpoints)
        ca = house.folder / "ca.crt"
        ca.write_text(cluster.ca)

        def ours(name: str) -> Any:
            registry = house.registry(cluster, name)
            return measure(cluster, ca, chosen, "--reader", "ours", "--registry", registry)

        found = {"watcher → Redis": ours("first")}
        way = "streamed" if found["watcher → Redis"]["streamed"] else "by list"
        cluster.ask("fault", "watch-list", on=False)
        found["watcher → Redis, server before 1.27"] = ours("second")
        found["official list"] = measure(cluster, ca, chosen, "--reader", "whole")
        found["official list, pages of 500"] = measure(cluster, ca, chosen, "--reader", "pages")
    rows = [
        [name, f"{one['took']:.2f}", one["cpu"], one["cluster"], one["memory"]]
        for name, one in found.items()
    ]
    print_table(["", "seconds", "CPU s", "cluster's CPU s", "MiB more"], rows)
    whole = found["official list"]
    for name in list(found)[:2]:
        took, memory = found[name]["took"], found[name]["memory"]
        said = f"{name} ({way}): " if name == "watcher → Redis" else f"{name}: "
        print_verdict(
            took <= BUDGET[0] and memory <= BUDGET[1],
            f"{said}{took:.1f} s, {memory:.0f} MiB (budget: {BUDGET[0]:.0f} s, {BUDGET[1]:.0f}"
            f" MiB); {took / whole['took']:.2f} × the time and {memory / whole['memory']:.2f} ×"
            " the memory of the official list",
        )


if __name__ == "__main__":
    main()
