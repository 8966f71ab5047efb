"""The hops of a patched slice: who has it, and since when.

Moments are of `time.perf_counter`, which all processes of a machine share. Each hop has a thread;
they are waiting but for the moment when the change comes by.
"""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from bench.parts import Broken
from bench.parts_cluster import ClusterProcess
from bench.parts_published import NAMESPACE, SERVICE

WATCH, REGISTRY, PLANE, SERVED = "raw watch", "registry feed", "control plane feed", "served"
_SLICES = f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices"
_WITHIN = 20.0


class Seen:
    """When each hop first had the wanted text; filled by threads, asked by the bench."""

    def __init__(self) -> None:
        self._wanted = b"\0"
        self._at: dict[str, float] = {}
        self._lock = threading.Condition()
        self.over = threading.Event()

    def want(self, text: str) -> None:
        with self._lock:
            self._wanted, self._at = text.encode(), {}

    def note(self, hop: str, data: bytes) -> None:
        if self._wanted in data:
            self.happened(hop)

    def happened(self, hop: str) -> None:
        at = time.perf_counter()
        with self._lock:
            if hop not in self._at:
                self._at[hop] = at
                self._lock.notify_all()

    def wait(self, hops: tuple[str, ...]) -> dict[str, float]:
        with self._lock:
            if not self._lock.wait_for(lambda: self._at.keys() >= set(hops), _WITHIN):
                missing = ", ".join(set(hops) - self._at.keys())
                raise Broken(f"Within {_WITHIN:.0f} s these had not heard of it: {missing}.")
            return dict(self._at)

    def run(self, name: str, work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=work, name=name, daemon=True)
        thread.start()
        return thread


class Slice:
    """The slice that is patched, by the cluster's own API as a controller would."""

    def __init__(self, cluster: ClusterProcess, port: int, addresses: tuple[str, ...]) -> None:
        self._cluster, self._addresses = cluster, addresses
        self._connection = self._connect()
        self._turn = 0
        cluster.ask("put_slice", NAMESPACE, SERVICE, f"{SERVICE}-1", [], port=port)
        self.patch()

    def patch(self) -> tuple[str, float]:
        """Point it at the next replica; the replica, and when the request was sent."""
        self._turn += 1
        address = self._addresses[self._turn % len(self._addresses)]
        endpoints = [{"addresses": [address], "conditions": {"ready": True}}]
        headers = self._headers() | {"Content-Type": "application/merge-patch+json"}
        body = json.dumps({"endpoints": endpoints})
        sent = time.perf_counter()
        self._connection.request("PATCH", f"{_SLICES}/{SERVICE}-1", body, headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise Broken(f"The cluster refuses the patch: {text!r}")
        return address, sent

    @property
    def next(self) -> str:
        return self._addresses[(self._turn + 1) % len(self._addresses)]

    def watch(self, seen: Seen) -> None:
        """The floor: a plain watch that does nothing with what it reads."""
        connection = self._connect()
        connection.request(
            "GET", f"{_SLICES}?watch=true&timeoutSeconds=3600", None, self._headers()
        )
        answer = connection.getresponse()
        while line := answer.readline():
            seen.note(WATCH, line)

    def _connect(self) -> http.client.HTTPSConnection:
        server = urlsplit(self._cluster.server)
        tls = ssl.create_default_context(cadata=self._cluster.ca)
        return http.client.HTTPSConnection(
            server.hostname or "", server.port, context=tls, timeout=3600
        )

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._cluster.admin_token}"}


@contextmanager
def following(slice_: Slice, registry_id: str, control_plane_id: str) -> Iterator[Seen]:
    """Watch the slice and follow both feeds."""
    from console.contract import keys

    seen = Seen()
    threads = [
        seen.run(PLANE, lambda: _follow(PLANE, keys.control_plane(control_plane_id), seen)),
        seen.run(REGISTRY, lambda: _follow(REGISTRY, keys.registry(registry_id), seen)),
    ]
    seen.run(WATCH, lambda: slice_.watch(seen))  # ends with its cluster
    time.sleep(1.0)
    try:
        yield seen
    finally:
        seen.over.set()
        for thread in threads:
            thread.join()


def _follow(hop: str, owner: str, seen: Seen) -> None:
    """Note when a reader of its own holds the state."""
    from console import redis
    from console.contract import keys
    from console.feed import FeedReader, follow

    client = redis.store()
    reader = FeedReader(client, keys.feed(owner))
    reader.sync()
    while not seen.over.is_set():
        for state in reader.take().values():
            seen.note(hop, state or b"")
        follow(client, [reader], block=0.5)
