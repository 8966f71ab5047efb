"""How long a patched slice takes: to the registry's feed, to the control plane's, to an answer.

    script/up                    # in one terminal
    script/bench propagation     # in another

Every round points a slice of its own at another of the demo's replicas with one PATCH and takes
the time until each hop has it. The first row is the floor: a watch of our own on the same server.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import ssl
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django
import yaml

BASE = Path(__file__).resolve().parent.parent
SLICES = "/apis/discovery.k8s.io/v1/namespaces/bench/endpointslices"
HOST = "bench.example.org"
HOPS = ("watch", "registry feed", "control plane feed", "served")


class Cluster:
    """The practice cluster's API, by its administrator's kubeconfig."""

    def __init__(self, folder: Path) -> None:
        config = yaml.safe_load((folder / "kubeconfig").read_text())
        self._server = urlsplit(config["clusters"][0]["cluster"]["server"])
        self._token = config["users"][0]["user"]["token"]
        self._tls = ssl.create_default_context(cafile=folder / "ca.crt")
        self._connection = self.connect()

    def connect(self) -> http.client.HTTPSConnection:
        host, port = self._server.hostname or "", self._server.port
        return http.client.HTTPSConnection(host, port, context=self._tls, timeout=30)

    def headers(self, kind: str = "application/json") -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}", "Content-Type": kind}

    def replicas(self) -> tuple[list[Any], list[Any]]:
        """The endpoints and the ports of the demo's replicas."""
        path = SLICES.replace("/bench/", "/apisix/")
        found = self.ask("GET", f"{path}?labelSelector=kubernetes.io%2Fservice-name%3Dhttpbin")
        return found["items"][0]["endpoints"], found["items"][0]["ports"]

    def make_slice(self, ports: list[Any], endpoints: list[Any]) -> None:
        """A slice by hand: no controller has a say in it."""
        self.drop_slice()
        self.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "bench"}})
        slice_ = {
            "metadata": {"name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
            "addressType": "IPv4",
            "ports": ports,
            "endpoints": endpoints,
        }
        self.ask("POST", SLICES, slice_)

    def drop_slice(self) -> None:
        self.ask("DELETE", "/api/v1/namespaces/bench")

    def point(self, endpoints: list[Any]) -> None:
        patch = {"endpoints": endpoints}
        self.ask("PATCH", f"{SLICES}/web-1", patch, "application/merge-patch+json")

    def ask(self, method: str, path: str, body: object = None, kind: str = "") -> Any:
        sent = json.dumps(body) if body else None
        self._connection.request(method, path, sent, self.headers(kind or "application/json"))
        answer = self._connection.getresponse()
        found = json.loads(answer.read())
        if answer.status >= 400 and not (method == "DELETE" and answer.status == 404):
            raise SystemExit(f"The cluster refuses: {found['message']}")
        return found


class Seen:
    """When each hop first had one of the wanted texts; filled by threads, asked by the bench."""

    def __init__(self) -> None:
        self._wanted: tuple[bytes, ...] = ()
        self._at: dict[str, float] = {}
        self._lock = threading.Condition()

    def want(self, *texts: str) -> None:
        with self._lock:
            self._wanted, self._at = tuple(text.encode() for text in texts), {}

    def note(self, hop: str, data: bytes) -> None:
        with self._lock:
            if hop not in self._at and any(text in data for text in self._wanted):
                self._at[hop] = time.perf_counter()
                self._lock.notify_all()

    def wait(self, hops: tuple[str, ...]) -> dict[str, float]:
        with self._lock:
            if not self._lock.wait_for(lambda: self._at.keys() >= set(hops), 10):
                raise SystemExit(f"Within 10 s only these had it: {', '.join(self._at) or 'none'}.")
            return dict(self._at)


def watch(cluster: Cluster, seen: Seen) -> None:
    connection = cluster.connect()
    connection.request("GET", f"{SLICES}?watch=true&timeoutSeconds=600", headers=cluster.headers())
    answer = connection.getresponse()
    while line := answer.readline():
        seen.note("watch", line)


def follow_feed(hop: str, owner: str, seen: Seen) -> None:
    from console import redis
    from console.contract import keys
    from console.feed import FeedReader, follow

    reader = FeedReader(redis.store(), keys.feed(owner))
    reader.sync()
    while True:
        for state in reader.take().values():
            seen.note(hop, state or b"")
        follow(redis.store(), [reader], block=1.0)


def ask_gateway(port: int, seen: Seen) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    while True:
        connection.request("GET", "/anything", headers={"Host": HOST})
        answer = connection.getresponse()
        answer.read()
        seen.note("served", answer.headers.get("X-Practice-Pod", "").encode())


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=100)
    options.add_argument("--gateway-port", type=int, default=9080)
    options.add_argument("--var", type=Path, default=BASE / "var")
    chosen = options.parse_args()
    os.environ.update(DJANGO_SETTINGS_MODULE="console.settings", PORTOLAN_VAR=str(chosen.var))
    django.setup()
    measure(chosen.var, chosen.gateway_port, chosen.rounds)


def measure(var: Path, gateway_port: int, rounds: int) -> None:
    from console.contract import keys
    from registries.models import Registry

    registry = Registry.objects.get(name="practice")
    cluster, seen = Cluster(var / "practice"), Seen()
    pods, ports = cluster.replicas()
    cluster.make_slice(ports, pods[:1])
    threads: list[tuple[Any, ...]] = [
        (watch, cluster, seen),
        (follow_feed, "registry feed", keys.registry(str(registry.pk)), seen),
        (
            follow_feed,
            "control plane feed",
            keys.control_plane(str(registry.control_plane_id)),
            seen,
        ),
        (ask_gateway, gateway_port, seen),
    ]
    with published(registry):
        for function, *arguments in threads:
            threading.Thread(target=function, args=arguments, daemon=True).start()
        time.sleep(2)
        print_table([one_round(cluster, seen, pods[(n + 1) % len(pods)]) for n in range(rounds)])
    cluster.drop_slice()


@contextmanager
def published(registry: Any) -> Iterator[None]:
    """An application of the bench's own, for as long as the block runs."""
    from applications import actions
    from applications.models import Api, Application, Member, Upstream

    application = actions.create_application(
        application=Application(control_plane=registry.control_plane, name="bench", hosts=[HOST]),
        upstream=Upstream(),
        members=[Member(registry=registry, namespace="bench", service="web")],
        actor=None,
    )
    api = actions.create_api(api=Api(application=application, name="all"), actor=None)
    actions.publish_api(api=api, actor=None)
    actions.publish_application(application=application, actor=None)
    try:
        yield
    finally:
        actions.delete_api(api=api, actor=None)
        actions.delete_application(application=application, actor=None)


def one_round(cluster: Cluster, seen: Seen, pod: Any) -> dict[str, float]:
    """Point the slice at another pod and give the milliseconds to each hop."""
    # The gateway's answer names the pod, nodes in the control plane's feed only have the address.
    seen.want(f'"{pod["addresses"][0]}"', pod["targetRef"]["name"])
    began = time.perf_counter()
    cluster.point([pod])
    at = seen.wait(HOPS)
    time.sleep(0.1)
    return {hop: (moment - began) * 1000 for hop, moment in at.items()}


def print_table(rounds: list[dict[str, float]]) -> None:
    print(f"{'PATCH sent → …':24}{'median':>10}{'p95':>10}{'max':>10}  ms, {len(rounds)} rounds")
    for hop in HOPS:
        times = sorted(one[hop] for one in rounds)
        p95, median = times[int(len(times) * 0.95)], statistics.median(times)
        print(f"{hop:24}{median:10.1f}{p95:10.1f}{times[-1]:10.1f}")


if __name__ == "__main__":
    main()
