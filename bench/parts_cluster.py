"""A practice cluster in a process of its own, so that its work is not counted as ours.

`ClusterProcess` is the handle; the process reads one JSON request a line and answers with one. A
request names a method of `_Host`, or else of `practice.testing.PracticeCluster`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from types import TracebackType
from typing import Any

from bench.parts import BASE, Broken
from bench.parts_slices import make_ingress, make_service, make_slice, name_of
from console.embedded.process import spawn


class ClusterProcess:
    """Entering starts it. Any method may be called by any thread, one at a time."""

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._lock = threading.Lock()
        self.server = self.ca = self.token = self.admin_token = ""

    def __enter__(self) -> ClusterProcess:
        argv = [sys.executable, "-m", "bench.parts_cluster", json.dumps(self._options)]
        self._child = spawn(argv, cwd=BASE, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        about = self._read()
        self.server, self.ca = about["server"], about["ca"]
        self.token, self.admin_token = about["token"], about["admin_token"]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._child.stdin is not None and self._child.stdout is not None:
            self._child.stdin.close()  # its sign to end
            try:
                self._child.wait(10)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
            self._child.stdout.close()

    @property
    def pid(self) -> int:
        return self._child.pid

    def ask(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method over there. What it raises is raised here as `Refused`."""
        with self._lock:
            if self._child.stdin is None:
                raise Broken("The practice cluster is not running.")
            request = json.dumps([method, args, kwargs]).encode()
            self._child.stdin.write(request + b"\n")
            self._child.stdin.flush()
            answer = self._read()
        if "failed" in answer:
            raise Refused(answer["failed"])
        return answer["result"]

    def _read(self) -> Any:
        line = self._child.stdout.readline() if self._child.stdout is not None else b""
        if not line:
            raise Broken(f"The practice cluster has ended: {self._child.poll()}.")
        return json.loads(line)


class Refused(Exception):
    """The practice cluster would not do what was asked."""


def _sort(request: Any) -> str:
    """A request for slices: for all of them, by list or by the first events of a watch; for one,
    to prove that the server knows a version; or for the changes from a version on."""
    if request["verb"] == "watch":
        return "lists" if request["params"].get("sendInitialEvents") == "true" else "watches"
    return "proofs" if request["params"].get("limit") == "1" else "lists"


class _Host:
    """What the benches need besides the cluster's own methods."""

    def __init__(self, cluster: Any) -> None:
        from practice.schema import ENDPOINTSLICES, NAMESPACES

        self._cluster = cluster
        self._slices, self._namespaces = ENDPOINTSLICES, NAMESPACES
        self._services = self._endpoints = self._number = 0
        self._calm = threading.Event()
        self._changes: list[tuple[int, int, float]] = []
        self._thread = threading.Thread()

    def fill(self, services: int, endpoints: int) -> int:
        """Make numbered services, straight into the store; only their slices: nobody here reads
        the Services themselves."""
        self._services, self._endpoints = services, endpoints

        def create() -> None:
            store = self._cluster.cluster.store
            for number in range(services):
                namespace, _ = name_of(number)
                if store.get(self._namespaces, namespace) is None:
                    store.create(self._namespaces, {"metadata": {"name": namespace}})
                store.create(self._slices, make_slice(number, endpoints=endpoints))

        self._cluster.call(create)
        return services

    def expose(self, namespace: str, service: str, host: str, port: int) -> None:
        """Give every numbered service and the named one what an ingress controller reads: the
        Service itself and an Ingress."""
        from practice.schema import INGRESSES, SERVICES

        def create() -> None:
            store = self._cluster.cluster.store
            store.create(SERVICES, make_service(namespace, service, port))
            store.create(INGRESSES, make_ingress(namespace, service, host))
            for number in range(self._services):
                place, name = name_of(number)
                store.create(SERVICES, make_service(place, name, 8080))
                store.create(INGRESSES, make_ingress(place, name, f"app-{number}.example.org"))

        self._cluster.call(create)

    def churn(self, rate: float) -> None:
        """Change one service after the other, `rate` times a second, until `calm`."""
        self._calm.clear()
        self._changes = []
        self._thread = threading.Thread(target=self._churn, args=(rate,), daemon=True)
        self._thread.start()

    def calm(self) -> list[tuple[int, int, float]]:
        """End it; return every change: its number, its service, when (monotonic clock)."""
        self._calm.set()
        self._thread.join()
        return self._changes

    def change(self, count: int = 1) -> list[tuple[int, int, float]]:
        """Change the next services in turn, all at one moment."""
        slices = []
        for _ in range(count):
            self._number += 1
            service = self._number % self._services
            made = make_slice(service, endpoints=self._endpoints, change=self._number)
            slices.append((self._number, service, made))

        def replace() -> list[tuple[int, int, float]]:
            store, changes = self._cluster.cluster.store, []
            for number, service, slice_ in slices:
                store.replace(self._slices, slice_)
                changes.append((number, service, time.monotonic()))
            return changes

        changed: list[tuple[int, int, float]] = self._cluster.call(replace)
        return changed

    def _churn(self, rate: float) -> None:
        began, made = time.monotonic(), 0
        while not self._calm.is_set():
            due = int((time.monotonic() - began) * rate) - made
            if due > 0:
                self._changes += self.change(due)
                made += due
            time.sleep(max(0.0, began + (made + 1) / rate - time.monotonic()))

    def newest(self, after: float) -> int:
        """The number of the first change made after a moment (monotonic clock), once there is
        one."""
        while True:
            for number, _, at in list(self._changes):
                if at > after:
                    return number
            time.sleep(0.005)

    def drop_and_wait(self, watches: int, *, compacted: bool, within: float) -> Any:
        """Drop every watch, and with `compacted` forget what they could go on from; return the
        seconds until as many watch again, and the requests of each sort (`_sort`) for that."""
        self._cluster.forget_requests()
        if compacted:
            self._cluster.fault("compact")
        began, clock = time.monotonic(), time.time()
        self._cluster.fault("drop-watches")
        while not self._all_again(watches):
            if time.monotonic() - began > within:
                return {"seconds": 0.0, "open": self._cluster.open_watches()}
            time.sleep(0.02)
        seconds = time.monotonic() - began
        times: dict[str, list[float]] = {"lists": [], "proofs": [], "watches": []}
        for one in self._cluster.requests("", "endpointslices"):
            times[_sort(one)].append(one["at"] - clock)
        return {
            "seconds": seconds,
            "counted": {sort: len(found) for sort, found in times.items()},
            "busiest": max(Counter(int(at) for at in times["lists"]).values(), default=0),
        }

    def _all_again(self, watches: int) -> bool:
        came = len(self._cluster.requests("watch", "endpointslices"))
        return came >= watches and self._cluster.open_watches() >= watches

    def truth(self) -> dict[str, list[str]]:
        """The ready addresses of every service that a slice speaks of."""
        found: dict[str, set[str]] = {}
        for slice_ in self._cluster.list("endpointslices"):
            meta = slice_["metadata"]
            service = (meta.get("labels") or {}).get("kubernetes.io/service-name")
            if service:
                of = found.setdefault(f"{meta['namespace']}/{service}", set())
                of.update(
                    one["addresses"][0]
                    for one in slice_["endpoints"] or ()
                    if (one.get("conditions") or {}).get("ready") is not False
                )
        return {name: sorted(addresses) for name, addresses in found.items()}

    def put_slice(
        self,
        namespace: str,
        service: str,
        name: str,
        endpoints: list[tuple[str, bool]],
        *,
        port: int = 8080,
    ) -> None:
        """Create or replace one slice by hand: addresses, and whether each is ready."""
        self._cluster.apply(
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {
                    "name": name,
                    "namespace": namespace,
                    "labels": {"kubernetes.io/service-name": service},
                },
                "addressType": "IPv4",
                "ports": [{"name": "http", "port": port}],
                "endpoints": [
                    {"addresses": [address], "conditions": {"ready": ready}}
                    for address, ready in endpoints
                ],
            }
        )

    def grow_old(self) -> None:
        """Let a million versions pass. A server that is set back is set back by more than it does
        within the seconds until its clients are back; here, numbers are small."""

        def pass_time() -> None:
            self._cluster.cluster.store.rv += 1_000_000

        self._cluster.call(pass_time)


def main() -> None:
    from practice.testing import PracticeCluster

    with PracticeCluster(**json.loads(sys.argv[1])) as cluster:
        host = _Host(cluster)
        fields = ("server", "ca", "token", "admin_token")
        _write({name: getattr(cluster, name) for name in fields})
        for line in sys.stdin:
            method, args, kwargs = json.loads(line)
            known = getattr(host, method, None) or getattr(cluster, method)
            try:
                _write({"result": known(*args, **kwargs)})
            except Exception as error:  # noqa: BLE001 - the asking process is to know of any
                _write({"failed": f"{type(error).__name__}: {error}"})


def _write(answer: Any) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
