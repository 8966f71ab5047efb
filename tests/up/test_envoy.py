"""`script/up --gateway envoy`: the article's answer, and replicas replaced under load."""

from __future__ import annotations

import http.client
import json
import signal
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import yaml

from .checkout import Checkout, Up
from .test_walk_through import HOST, answers

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PODS = "/api/v1/namespaces/apisix/pods"


class Cluster:
    """The practice cluster's API, by its administrator's kubeconfig."""

    def __init__(self, checkout: Checkout) -> None:
        folder = checkout.folder / "var/practice"
        config = yaml.safe_load((folder / "kubeconfig").read_text())
        self._server = config["clusters"][0]["cluster"]["server"]
        self._token = config["users"][0]["user"]["token"]
        self._tls = ssl.create_default_context(cafile=folder / "ca.crt")

    def ask(self, method: str, path: str) -> Any:
        request = urllib.request.Request(
            self._server + path, method=method, headers={"Authorization": f"Bearer {self._token}"}
        )
        with urllib.request.urlopen(request, context=self._tls, timeout=10) as answer:
            return json.loads(answer.read())

    def pods(self) -> dict[str, bool]:
        """Which are there, and whether they are ready."""
        found = {}
        for pod in self.ask("GET", PODS)["items"]:
            if "deletionTimestamp" in pod["metadata"]:
                continue
            conditions = pod.get("status", {}).get("conditions", [])
            found[pod["metadata"]["name"]] = any(
                one["type"] == "Ready" and one["status"] == "True" for one in conditions
            )
        return found


@contextmanager
def load(port: int) -> Iterator[list[object]]:
    """Four clients on connections that they keep; the list gets what was no 200."""
    failed: list[object] = []
    done = threading.Event()

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        while not done.is_set():
            try:
                connection.request("GET", "/anything", headers={"Host": HOST})
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    failed.append(answer.status)
            except (OSError, http.client.HTTPException) as error:
                failed.append(error)
                connection.close()
            time.sleep(0.005)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield failed
    finally:
        done.set()
        for thread in threads:
            thread.join(20)


def replace_all(cluster: Cluster) -> None:
    """Every replica by another one, each when the one before it is ready, as a rollout does."""
    for name in cluster.pods():
        cluster.ask("DELETE", f"{PODS}/{name}")
        deadline = time.monotonic() + 60
        while not (len(now := cluster.pods()) == 3 and name not in now and all(now.values())):
            assert time.monotonic() < deadline, now
            time.sleep(0.1)


def test_one_command_answers_through_envoy_and_follows_the_cluster(
    checkout: Checkout, up: Callable[..., Up]
) -> None:
    first = up("--gateway", "envoy")
    first.await_line("Portolan is up.")
    assert "(Envoy)" in first.text
    assert checkout.get("gateway", "/anything", HOST)[0] == 200
    assert answers(checkout, lambda status, pods: status == 200 and len(pods) == 3, seconds=60)

    cluster = Cluster(checkout)
    before = set(cluster.pods())
    with load(checkout.ports["gateway"]) as failed:
        replace_all(cluster)
        time.sleep(1.5)  # the last one has had its time to go
    assert not failed
    assert not before & set(cluster.pods())

    checkout.scale(5)
    assert answers(checkout, lambda status, pods: status == 200 and len(pods) == 5, seconds=60)
    checkout.scale(0)
    assert answers(checkout, lambda status, pods: status == 503, seconds=60)
    checkout.scale(3)
    assert answers(checkout, lambda status, pods: status == 200 and len(pods) == 3, seconds=60)

    assert first.stop(signal.SIGKILL) < 20
    assert checkout.await_silence(15) == []
    second = up("--gateway", "envoy")
    second.await_line("Portolan is up.")
    assert checkout.get("gateway", "/anything", HOST)[0] == 200
    assert second.stop(signal.SIGTERM) < 20
    assert second.process.returncode == 0
    assert checkout.await_silence(15) == []
    # The other gateway of the same house.
    third = up("--gateway", "traefik")
    third.await_line("Portolan is up.")
    assert "(Traefik)" in third.text
    assert checkout.get("gateway", "/anything", HOST)[0] == 200
