"""From a cluster's pods to a real Traefik, by three ways in: the whole house between them."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from practice.testing import PracticeCluster
from tests.gateways.conftest import Proxy
from tests.house import House
from tests.threads import eventually

from .conftest import PUSHED, Start

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
TOKEN = "0123456789abcdef-of-the-flow"
HOST = "traefik-flow.example.org"


@dataclass(frozen=True)
class Flow:
    cluster: PracticeCluster
    proxy: Proxy

    def pods(self) -> set[str]:
        """The ready pods that the cluster has."""
        return {
            one["metadata"]["name"]
            for one in self.cluster.list("pods", "apisix")
            if not one["metadata"].get("deletionTimestamp")
            and any(
                said["type"] == "Ready" and said["status"] == "True"
                for said in one.get("status", {}).get("conditions", [])
            )
        }


@pytest.fixture(scope="module")
def cluster(house: House) -> Iterator[PracticeCluster]:
    """Its pods go on for some seconds once they are told to leave, as in a cluster whose pods
    drain."""
    with PracticeCluster(workload=True, replicas=3, drain=3.0) as running:
        registry = house.made(
            "registries/",
            {
                "name": "traefik-flow",
                "server": running.server,
                "ca_bundle": running.ca,
                "token": running.token,
            },
        )
        member = {
            "kind": "discovery",
            "registry": registry["id"],
            "namespace": "apisix",
            "service": "httpbin",
        }
        application = house.made(
            "applications/",
            {"name": "traefik-flow", "hosts": [HOST], "upstream": {"members": [member]}},
        )
        api = house.made(
            f"applications/{application['id']}/apis/", {"name": "all", "paths": [{"path": "/"}]}
        )
        house.made(f"applications/{application['id']}/apis/{api['id']}/publish/", {})
        house.made(f"applications/{application['id']}/publish/", {})
        yield running
        house.api("DELETE", f"applications/{application['id']}/apis/{api['id']}/")
        house.api("DELETE", f"applications/{application['id']}/")
        house.api("DELETE", f"registries/{registry['id']}/")


@pytest.fixture(params=["redis", "http", "rest"])
def flow(
    request: pytest.FixtureRequest, house: House, cluster: PracticeCluster, traefik: Start
) -> Iterator[Flow]:
    if request.param == "redis":
        yield Flow(cluster, Proxy(house.gateway))
        return
    settings: dict[str, Any] = {"provider": request.param, "entry_points": ["web"]}
    if request.param == "rest":
        running = traefik(PUSHED)
        settings["api_url"] = running.api
    told = {"name": request.param, "kind": "traefik", "settings": settings, "secret": TOKEN}
    gateway = house.made("gateways/", told)
    if request.param == "http":
        running = traefik(
            {
                "http": {
                    "endpoint": f"{house.console}/gateways/{gateway['id']}/traefik.json?wait=2",
                    "pollInterval": "20ms",
                    "headers": {"Authorization": f"Bearer {TOKEN}"},
                }
            }
        )
    yield Flow(cluster, running.proxy)
    running.stop()
    house.api("DELETE", f"gateways/{gateway['id']}/")


def answering(proxy: Proxy, requests: int = 30) -> tuple[set[int], set[str]]:
    """The statuses and the pods of some requests in a row."""
    found = [_ask(proxy) for _ in range(requests)]
    return {status for status, _ in found}, {pod for _, pod in found if pod}


def _ask(proxy: Proxy) -> tuple[int, str]:
    request = urllib.request.Request(proxy.url + "/anything", headers={"Host": HOST})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            answer.read()
            return answer.status, answer.headers.get("X-Practice-Pod", "")
    except urllib.error.HTTPError as error:
        error.close()
        return error.code, ""
    except OSError:
        return 0, ""


def test_scaled_up_down_to_none_and_up_again(flow: Flow) -> None:
    eventually(lambda: answering(flow.proxy)[0] == {200}, within=60)
    for replicas in (3, 5, 0, 3):
        flow.cluster.scale("httpbin", replicas)
        eventually(lambda n=replicas: len(flow.pods()) == n, within=60)
        if not replicas:
            eventually(lambda: answering(flow.proxy, 3)[0] == {503}, within=60)
            continue
        eventually(lambda: answering(flow.proxy) == ({200}, flow.pods()), within=60)


def test_every_replica_replaced_under_load_and_no_request_fails(flow: Flow) -> None:
    flow.cluster.scale("httpbin", 3)
    eventually(lambda: len(flow.pods()) == 3, within=60)
    eventually(lambda: answering(flow.proxy) == ({200}, flow.pods()), within=60)
    before = flow.pods()
    over = threading.Event()
    answers: list[tuple[int, str]] = []

    def ask() -> None:
        while not over.is_set():
            status, body = flow.proxy.get(HOST, "/anything")
            answers.append((status, "" if status == 200 else body))

    asking = [threading.Thread(target=ask) for _ in range(3)]
    for one in asking:
        one.start()
    try:
        note = {"spec": {"template": {"metadata": {"annotations": {"at": str(time.time())}}}}}
        flow.cluster.patch("deployments", "apisix", "httpbin", note)
        eventually(lambda: len(flow.pods()) == 3 and not flow.pods() & before, within=90)
        eventually(lambda: answering(flow.proxy) == ({200}, flow.pods()), within=60)
        time.sleep(4)  # until the old ones have ended
    finally:
        over.set()
        for one in asking:
            one.join()
    failed = [one for one in answers if one[0] != 200]
    assert not failed, f"{len(failed)} of {len(answers)}: {failed[:3]}"
    assert len(answers) > 100
