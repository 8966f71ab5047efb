"""APISIX as a bench starts it, or finds it.

The discovery module runs in a real nginx, without APISIX's own part of a request; or in a real
APISIX if APISIX_START names a program that starts one in the background, with the arguments FOLDER
MODE PORT ADMIN_PORT CONTROL_PORT FILE, MODE being "file" (its configuration is the folder's
conf/apisix.yaml, its process in logs/nginx.pid) and FILE more lines for its config.yaml.

The Admin API is that of the real APISIX at APISIX_ADMIN_URL, with APISIX_ADMIN_KEY, which serves at
APISIX_URL; or the tests' stand-in, which serves nothing: there the way ends with the driver.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from urllib.parse import urlsplit

from bench.parts import BASE, Broken
from bench.parts_edges import Edge, Missing
from console.embedded import ports
from console.embedded.process import spawn


class ApisixDiscovery(Edge):
    """The discovery module: nothing of ours between the control plane's feed and the gateway."""

    name = "apisix-discovery"
    driven = False

    def begin(self) -> int:
        if program := os.environ.get("APISIX_START"):
            return self._apisix(program)
        from tests.gateways.discovery.bed import Bed, require

        try:
            require()
        except RuntimeError as error:
            raise Missing(str(error)) from error
        bed = Bed(
            self.bed.folder("apisix"),
            redis_url=self.bed.house.redis_url(0),
            control_plane=str(self.bed.control_plane.pk),
            gateway=f"bench-{time.time_ns()}",
        )
        self.host = self.bed.upstream  # as APISIX asks its discovery for them
        self.bed.stack.enter_context(bed)
        return bed.port

    def _apisix(self, program: str) -> int:
        """A real one, whose routes a worker writes into its file."""
        folder = self.bed.house.files / str(time.time_ns())
        file = folder / "conf" / "apisix.yaml"
        file.parent.mkdir(parents=True)
        settings = {"mode": "file", "file": str(file), "discovery": "portolan"}
        self.row = self.bed.gateway("apisix", settings)
        self.bed.wait_for(file.exists, "the driver writes the file")
        server = urlsplit(self.bed.house.redis_url(0))
        module = {
            "redis": {"host": server.hostname, "port": server.port, "password": server.password},
            "control_plane": str(self.bed.control_plane.pk),
            "gateway": str(self.row.pk),
        }
        more = folder / "more.yaml"
        more.write_text(f"discovery: {json.dumps({'portolan': module})}\n")
        port = ports.free()
        argv = [program, str(folder), "file", str(port), str(ports.free()), str(ports.free())]
        subprocess.run([*argv, str(more)], check=True, capture_output=True)
        pid = int((folder / "logs" / "nginx.pid").read_text())
        self.bed.stack.callback(os.kill, pid, signal.SIGTERM)
        return port


class ApisixAdmin(Edge):
    """A worker drives it by its Admin API, nodes and all."""

    name = "apisix-admin"

    def begin(self) -> int:
        url, key = os.environ.get("APISIX_ADMIN_URL", ""), os.environ.get("APISIX_ADMIN_KEY", "")
        if not url:
            url, key = self._standin()
        # The same prefix each time: what the run before has left is ours, and goes.
        settings = {"mode": "admin", "admin_url": url, "id_prefix": "bench-"}
        self.row = self.bed.gateway("apisix", settings, key)
        if not os.environ.get("APISIX_ADMIN_URL"):
            return 0
        return urlsplit(os.environ.get("APISIX_URL", "")).port or 9080

    def _standin(self) -> tuple[str, str]:
        key = secrets.token_hex(16)
        argv = [sys.executable, "-m", "bench.parts_standin", key]
        child = spawn(argv, cwd=BASE, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if child.stdin is None or child.stdout is None:
            raise Broken("The stand-in has no pipes.")
        self.bed.stack.callback(child.wait, 10)
        self.bed.stack.callback(child.stdin.close)
        self.bed.stack.enter_context(child.stdout)
        return f"http://127.0.0.1:{int(child.stdout.readline())}", key
