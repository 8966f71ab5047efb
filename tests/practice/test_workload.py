from __future__ import annotations

import http.client
import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from practice.testing import PracticeCluster


@pytest.fixture(scope="module")
def busy() -> Iterator[PracticeCluster]:
    with PracticeCluster(workload=True, replicas=3, drain=1.5) as running:
        yield running


def endpoints(cluster, service="httpbin"):
    found = cluster.list("endpointslices", "apisix", labels=f"kubernetes.io/service-name={service}")
    return [e for s in found for e in s["endpoints"] or []]


def ready(cluster):
    return sorted(e["addresses"][0] for e in endpoints(cluster) if e["conditions"]["ready"])


def wait(condition, seconds=30.0):
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if condition():
            return True
        time.sleep(0.02)
    return False


def target_port(cluster):
    return cluster.get("services", "apisix", "httpbin")["spec"]["ports"][0]["targetPort"]


def ask(cluster, address, path="/anything"):
    connection = http.client.HTTPConnection(address, target_port(cluster), timeout=20)
    connection.request("GET", path, headers={"Connection": "close"})
    response = connection.getresponse()
    response.read()
    return response


def test_three_replicas_answer_and_say_who_they_are(busy):
    assert len(ready(busy)) == 3
    pods = {ask(busy, address).headers["X-Practice-Pod"] for address in ready(busy)}
    assert pods == {pod["metadata"]["name"] for pod in busy.list("pods", "apisix")}
    assert busy.get("services", "apisix", "httpbin")["spec"]["ports"][0]["name"] == "80-80"
    assert {e["zone"] for e in endpoints(busy)} == {"practice-a", "practice-b"}


def test_connections_are_kept(busy):
    connection = http.client.HTTPConnection(ready(busy)[0], target_port(busy), timeout=20)
    for _ in range(3):
        connection.request("GET", "/anything")
        assert connection.getresponse().read()
        assert connection.sock is not None
    connection.close()


def test_scale_up_to_nothing_and_back(busy):
    busy.scale("httpbin", 5)
    assert wait(lambda: len(ready(busy)) == 5)
    busy.scale("httpbin", 0)
    assert wait(lambda: endpoints(busy) == [])
    assert wait(lambda: busy.list("pods", "apisix") == [])
    assert busy.get("deploy", "apisix", "httpbin")["status"].get("readyReplicas", 0) == 0
    busy.scale("httpbin", 3)
    assert wait(lambda: len(ready(busy)) == 3)


def test_a_deleted_pod_drains_and_is_replaced(busy):
    pod = busy.list("pods", "apisix")[0]
    name, address = pod["metadata"]["name"], pod["status"]["podIP"]
    slow: list[int] = []
    worker = threading.Thread(target=lambda: slow.append(ask(busy, address, "/delay/1").status))
    worker.start()
    time.sleep(0.1)
    busy.delete("pods", "apisix", name)
    (leaving,) = [e for e in endpoints(busy) if e["targetRef"]["name"] == name]
    assert leaving["conditions"] == {"ready": False, "serving": True, "terminating": True}
    in_endpoints = str(busy.get("endpoints", "apisix", "httpbin"))
    assert name not in in_endpoints
    assert ask(busy, address).status == 200
    worker.join()
    assert slow == [200]
    assert wait(lambda: len(busy.list("pods", "apisix")) == 3 == len(ready(busy)))
    assert name not in str(busy.list("pods", "apisix"))


def test_a_killed_process_is_started_again_in_its_pod(busy):
    pod = busy.list("pods", "apisix")[0]
    replicas = busy.cluster.workload.replicas
    os.kill(replicas.running[pod["metadata"]["name"]].pid, signal.SIGKILL)
    assert wait(lambda: len(ready(busy)) == 2)
    assert wait(lambda: len(ready(busy)) == 3)
    again = busy.get("pods", "apisix", pod["metadata"]["name"])
    assert again["metadata"]["uid"] == pod["metadata"]["uid"]
    assert again["status"]["podIP"] == pod["status"]["podIP"]
    assert again["status"]["containerStatuses"][0]["restartCount"] == 1


def test_a_new_template_replaces_the_pods_one_by_one(busy):
    before = {pod["metadata"]["name"] for pod in busy.list("pods", "apisix")}
    note = {"spec": {"template": {"metadata": {"annotations": {"now": "yes"}}}}}
    busy.patch("deployments", "apisix", "httpbin", note)
    fewest = 3

    def replaced():
        nonlocal fewest
        fewest = min(fewest, len(ready(busy)))
        return before.isdisjoint(pod["metadata"]["name"] for pod in busy.list("pods", "apisix"))

    assert wait(replaced)
    assert fewest == 3


def test_another_service_may_select_the_same_pods(busy):
    spec = {
        "selector": {"app": "httpbin"},
        "ports": [{"port": 80, "targetPort": target_port(busy)}],
    }
    meta = {"name": "twin", "namespace": "apisix"}
    busy.apply({"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec})
    assert len(endpoints(busy, "twin")) >= 3


def test_two_clusters_keep_out_of_each_others_way(busy):
    with PracticeCluster(workload=True, replicas=1) as other:
        assert not set(ready(other)) & set(ready(busy))
        assert target_port(other) == target_port(busy)
        assert ask(other, ready(other)[0]).status == 200
