"""How many watch events a second of CPU takes in: ours, and the official client's two ways.

    script/bench intake

All read the same recorded stream of EndpointSlice events (managedFields and all) over TLS from a
server in another process; each reader is a fresh process that does nothing else. Counted is the
CPU of the whole reading process, all threads, from before its first request to the last event.

    Reflector + store           ours: decoded, checked, put into the endpoint store
    … and states built          the same, and every changed service's state built and encoded, as
                                the publisher does
    Watch().stream              the official client, each event as a model; nothing is kept
    SharedInformer              the official client's cache of models (37.0)
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.parts import BASE, Broken, Peak, options_of, print_head, print_table, print_verdict
from bench.parts_official import make_informer, make_watch, slices_api
from bench.parts_recorded import LAST, Recording

BUDGET = 10  # times the official client's Watch


def read_with_ours(server: str, ca_file: Path, *, build: bool) -> int:
    from console.contract import wire
    from registries.endpoints import EndpointStore
    from registries.intake import Intake
    from registries.kube.client import Client
    from registries.kube.reflector import Reflector
    from registries.kube.slices import ENDPOINT_SLICES
    from registries.kube.spec import RegistrySpec

    over = threading.Event()

    class Counting(Intake):
        seen = 0

        def put(self, thing: Any) -> None:
            super().put(thing)
            self.seen += 1
            if thing.metadata.name == LAST:
                over.set()

        def drop(self, thing: Any) -> None:
            super().drop(thing)
            self.seen += 1

    spec = RegistrySpec(
        id="1", name="bench", server=server, ca_bundle=ca_file.read_text(), token=LAST
    )
    store = EndpointStore()
    sink = Counting(store, scopes=("",), guarded=False, allow_loopback=True)
    client, stop = Client(spec, allow_loopback=True), threading.Event()
    reflector = Reflector(client, scope="", resources=(ENDPOINT_SLICES,), sink=sink, stop=stop)
    threading.Thread(target=reflector.run, daemon=True).start()
    while build and not over.is_set():
        if store.wait(0.5):
            for service in store.take().values():
                if service is not None:
                    wire.encode(service)
    if not over.wait(600):
        raise Broken("The last event did not come within ten minutes.")
    stop.set()
    return sink.seen


def read_with_watch(server: str, ca_file: Path) -> int:
    api, seen = slices_api(server, ca_file), 0
    listing = api.list_endpoint_slice_for_all_namespaces
    for event in make_watch().stream(listing, resource_version="1"):
        seen += 1
        if event["object"].metadata.name == LAST:
            break
    return seen


def read_with_informer(server: str, ca_file: Path) -> int:
    api, over, seen = slices_api(server, ca_file), threading.Event(), 0

    def note(thing: Any) -> None:
        nonlocal seen
        seen += 1
        if thing.metadata.name == LAST:
            over.set()

    informer = make_informer(api.list_endpoint_slice_for_all_namespaces)
    for kind in ("ADDED", "MODIFIED", "DELETED"):
        informer.add_event_handler(kind, note)
    informer.start()
    if not over.wait(600):
        raise Broken("The last event did not come within ten minutes.")
    return seen


READERS: dict[str, Callable[[str, Path], int]] = {
    "Reflector + store": lambda server, ca: read_with_ours(server, ca, build=False),
    "… and states built": lambda server, ca: read_with_ours(server, ca, build=True),
    "Watch().stream": read_with_watch,
    "SharedInformer": read_with_informer,
}


def measure(name: str, recording: Recording) -> dict[str, float]:
    """Let a fresh process read the recording."""
    argv = [sys.executable, "-m", "bench.intake", "--reader", name]
    argv += ["--server", recording.server, "--ca", str(recording.ca_file)]
    done = subprocess.run(argv, cwd=BASE, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Broken(f"{name}: {done.stderr.strip()[-2000:]}")
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def main() -> None:
    options = options_of(__doc__)
    options.add_argument("--events", type=int, default=50_000)
    options.add_argument("--endpoints", type=int, default=10)
    options.add_argument("--rounds", type=int, default=3)
    for hidden in ("--reader", "--server", "--ca"):
        options.add_argument(hidden, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.reader:
        run_reader(chosen.reader, chosen.server, Path(chosen.ca))
        return
    print_head(f"intake: {chosen.events:,} events of {chosen.endpoints} endpoints")
    with Recording(chosen.events, endpoints=chosen.endpoints) as recording:
        each = recording.size / chosen.events
        rounds = [
            {name: measure(name, recording) for name in READERS} for _ in range(chosen.rounds)
        ]
    for one in rounds:
        for name, figures in one.items():
            if figures["events"] != chosen.events:
                raise Broken(f"{name} saw {figures['events']} of {chosen.events} events.")

    def median(name: str, figure: str) -> float:
        return statistics.median(one[name][figure] for one in rounds)

    rate = {name: chosen.events / median(name, "cpu") for name in READERS}
    base = rate["Watch().stream"]
    rows = [
        [
            name,
            rate[name],
            f"{rate[name] / base:.1f} ×",
            chosen.events / median(name, "wall"),
            median(name, "memory"),
        ]
        for name in READERS
    ]
    head = [f"{each / 1000:.1f} kB an event", "events/CPU s", "ratio", "events/s", "MiB more"]
    print_table(head, rows)
    ratio = rate["Reflector + store"] / base
    informer = rate["Reflector + store"] / rate["SharedInformer"]
    print_verdict(
        ratio >= BUDGET,
        f"{ratio:.1f} × the official Watch (budget: {BUDGET} ×), {informer:.1f} × the informer",
    )


def run_reader(name: str, server: str, ca_file: Path) -> None:
    """In the fresh process: read, and print the figures."""
    import kubernetes.client  # noqa: F401 - both sides need it; its import is not reading

    import registries.intake  # noqa: F401

    peak, cpu, wall = Peak(), time.process_time(), time.monotonic()
    events = READERS[name](server, ca_file)
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    print(json.dumps({"events": events, "cpu": cpu, "wall": wall, "memory": peak.growth()}))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
