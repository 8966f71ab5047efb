"""Fixtures and a small client: real HTTPS against the practice cluster, no library in between."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Iterator
from typing import Any

import pytest

from practice.testing import PracticeCluster

OPENED: list[http.client.HTTPConnection] = []


@pytest.fixture(autouse=True)
def _close_connections() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


class Answer:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.raw = response.read()

    @property
    def json(self) -> Any:
        return json.loads(self.raw)


class Api:
    """Speaks to a cluster as one user; `watch` yields decoded lines until the stream ends."""

    def __init__(self, cluster: PracticeCluster, token: str | None) -> None:
        self.cluster = cluster
        self.token = token
        self.tls = ssl.create_default_context(cadata=cluster.ca)

    def open(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None,
        timeout: float = 10,
    ) -> http.client.HTTPResponse:  # fmt: skip
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.cluster.port, timeout=timeout, context=self.tls
        )
        OPENED.append(connection)
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        connection.request(method, path, body, {**sent, "Connection": "close", **(headers or {})})
        return connection.getresponse()

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        with self.open(method, path, body, **more) as response:
            return Answer(response)

    def get(self, path: str, **more: Any) -> Answer:
        return self.ask("GET", path, **more)

    def patch(self, path: str, patch: Any, kind: str = "merge-patch+json") -> Answer:
        return self.ask("PATCH", path, patch, headers={"Content-Type": f"application/{kind}"})

    def watch(self, path: str, **more: Any) -> Iterator[Any]:
        with self.open("GET", path, **more) as response:
            assert response.status == 200, response.read()
            while line := response.readline():
                yield json.loads(line)


def settled(cluster: PracticeCluster, api: Api, path: str, **more: Any) -> list[Any]:
    """All a watch is told by now: it is ended cleanly from the other side, without waiting for its
    time.
    """
    response = api.open("GET", path, **more)
    assert response.status == 200
    time.sleep(0.1)
    cluster.fault("drop-watches", how="clean")
    return [json.loads(line) for line in response.read().splitlines()]


@pytest.fixture
def cluster() -> Iterator[PracticeCluster]:
    with PracticeCluster() as running:
        yield running


@pytest.fixture
def api(cluster: PracticeCluster) -> Api:
    return Api(cluster, cluster.admin_token)


SLICES = "/apis/discovery.k8s.io/v1/endpointslices"
SERVICES = "/api/v1/namespaces/shop/services"
SHOP_SLICES = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices"


@pytest.fixture
def shop(cluster: PracticeCluster) -> PracticeCluster:
    """A cluster with five services in namespace shop."""
    for i in range(5):
        cluster.put_service("shop", f"s{i}", ports=[("http", 8080)], addresses=[f"10.0.0.{i + 1}"])
    return cluster
