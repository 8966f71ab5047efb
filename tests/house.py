"""The whole house, running: `manage.py up --empty` from a scratch checkout, beside a practice
cluster with real replicas. One a test process; what a test makes in it has names of its own.
"""

from __future__ import annotations

import json
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from practice.testing import PracticeCluster
from tests.threads import eventually
from tests.up.checkout import Checkout, Up

# The house by another name than this machine's own: browsers trust loopback as they trust HTTPS.
ELSEWHERE = "console.test"


class House:
    """Addresses and doors of a running house."""

    def __init__(self, checkout: Checkout, run: Up, cluster: PracticeCluster) -> None:
        self.checkout = checkout
        self.cluster = cluster
        self.console = f"http://127.0.0.1:{checkout.ports['console']}"
        self.elsewhere = f"http://{ELSEWHERE}:{checkout.ports['console']}"
        self.gateway = f"http://127.0.0.1:{checkout.ports['gateway']}"
        self.run = run
        login = next(line for line in run.text.splitlines() if line.strip().startswith("Login"))
        self.user, _, self.password = login.split()[1:4]
        self.token = checkout.manage("createtoken", self.user, "tests").split()[-1]

    def api(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Call the REST API below /api/v1/; status and decoded answer."""
        request = urllib.request.Request(
            f"{self.console}/api/v1/{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def made(self, path: str, body: object) -> Any:
        """Create an object by REST that must be accepted."""
        status, answer = self.api("POST", path, body)
        assert status in (200, 201), answer
        return answer

    def get(self, host: str, path: str = "/anything") -> tuple[int, str]:
        """Ask the gateway: status and the pod that answered."""
        request = urllib.request.Request(self.gateway + path, headers={"Host": host})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                answer.read()
                return answer.status, answer.headers.get("X-Practice-Pod", "")
        except urllib.error.HTTPError as error:
            error.close()
            return error.code, ""

    def rest(self) -> None:
        """Have three replicas again, as every test finds them."""
        self.cluster.scale("httpbin", 3)
        eventually(self._rests, within=60, what="three replicas are ready, and no others there")

    def _rests(self) -> bool:
        found = [
            one
            for part in self.cluster.list("endpointslices", "apisix")
            for one in part["endpoints"] or ()
            if one.get("targetRef", {}).get("name", "").startswith("httpbin-")
        ]
        return [one["conditions"]["ready"] for one in found] == [True] * 3

    def pods(self, host: str, requests: int = 30) -> tuple[set[int], set[str]]:
        """The statuses and the pods of some requests in a row."""
        seen = [self.get(host) for _ in range(requests)]
        return {status for status, _ in seen}, {pod for _, pod in seen if pod}


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    # Not below pytest's folder: the next run of pytest closes that to PostgreSQL's own user.
    with (
        tempfile.TemporaryDirectory(prefix="house-") as folder,
        PracticeCluster(workload=True, replicas=3) as cluster,
    ):
        checkout = Checkout(Path(folder) / "portolan")
        run = Up(
            checkout,
            "--empty",
            REGISTRIES_ALLOW_LOOPBACK_NODES="1",
            REGISTRIES_ALLOW_LOOPBACK_SERVERS="1",
            ALLOWED_HOSTS=f"localhost 127.0.0.1 {ELSEWHERE}",
        )
        try:
            run.await_line("Portolan is up.")
            yield House(checkout, run, cluster)
        finally:
            run.end()
