"""An xDS server and an Envoy, each a process, for tests and benches: no Django, no database."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from console.embedded import ports
from console.embedded.envoy import Envoy
from console.embedded.process import spawn
from gateways.drivers.envoy.bootstrap import bootstrap

BASE = Path(__file__).resolve().parents[2]


class Bed:
    """A gateway of a control plane whose feed is in `store_url`. Envoy listens at `port`."""

    def __init__(
        self,
        folder: Path,
        store_url: str,
        control_plane: str,
        port: int = 0,
        gateway: str = "bed",
    ) -> None:
        self.folder = folder
        self.store_url = store_url
        self.control_plane = control_plane
        self.gateway = gateway
        self.port = port or ports.free()
        self.envoy = Envoy(folder=folder / "envoy", admin_port=ports.free(), xds_port=ports.free())
        self.url = f"http://127.0.0.1:{self.port}"
        self.server_process: subprocess.Popen[bytes] | None = None
        self.envoy_process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self.log = (folder / "log").open("ab")

    def start_server(self) -> None:
        argv = [sys.executable, "-m", "gateways.xds", "--gateway", self.gateway]
        argv += ["--control-plane", self.control_plane, "--port", str(self.envoy.xds_port)]
        argv += ["--listen-address", "127.0.0.1", "--listen-port", str(self.port)]
        self.server_process = spawn(
            argv,
            cwd=BASE,
            env={**os.environ, "REDIS_URL": self.store_url},
            stdout=self.log,
            stderr=self.log,
        )

    def start_envoy(self) -> None:
        made = bootstrap(
            gateway_id=self.gateway,
            node_id="envoy-1",
            host="127.0.0.1",
            port=self.envoy.xds_port,
            admin_port=self.envoy.admin_port,
        )
        self.run_envoy(made)

    def run_envoy(self, made: dict[str, Any]) -> None:
        """With a bootstrap of one's own."""
        self.envoy.prepare(made)
        self.envoy_process = spawn(self.envoy.command(), stdout=self.log, stderr=self.log)

    def kill_server(self) -> None:
        self.server_process = _kill(self.server_process)

    def kill_envoy(self) -> None:
        self.envoy_process = _kill(self.envoy_process)

    def end(self) -> None:
        self.kill_envoy()
        self.kill_server()
        self.log.close()

    def text(self) -> str:
        return (self.folder / "log").read_text()

    def stats(self, prefix: str) -> dict[str, int]:
        """Envoy's own counters by their names."""
        url = f"{self.envoy.admin_url}/stats?format=json&filter={prefix}"
        with urllib.request.urlopen(url, timeout=5) as answer:
            found = json.loads(answer.read())["stats"]
        return {one["name"]: one["value"] for one in found if "name" in one}

    def get(
        self, host: str, path: str = "/", *, method: str = "GET", **headers: str
    ) -> tuple[int, str]:
        """Status and body; 0 if nobody answers."""
        named: dict[str, Any] = {k.replace("_", "-"): v for k, v in headers.items()}
        request = urllib.request.Request(
            self.url + path, method=method, headers={"Host": host, **named}
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""


def _kill(process: subprocess.Popen[bytes] | None) -> None:
    if process:
        process.kill()
        process.wait(10)


@contextlib.contextmanager
def running(folder: Path, store_url: str, control_plane: str, port: int = 0) -> Iterator[Bed]:
    """Both, until the block ends. It does not wait for anything to be served."""
    bed = Bed(folder, store_url, control_plane, port)
    try:
        bed.start_server()
        bed.start_envoy()
        yield bed
    finally:
        bed.end()
