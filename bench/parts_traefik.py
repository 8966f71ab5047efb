"""Traefik as a bench starts it: on our pushes, on our tree, on our file, on the cluster itself."""

from __future__ import annotations

import json
import secrets
import shutil
import signal
import time
from pathlib import Path
from typing import Any

from bench.parts_edges import Edge
from bench.parts_house import end
from bench.parts_published import HOST, NAMESPACE, SERVICE
from console.embedded import ports
from console.embedded.traefik import Traefik


class _Traefik(Edge):
    api_url = ""

    def start(
        self,
        providers: dict[str, Any],
        *,
        redis_url: str = "",
        root: str = "",
        beside: Path | None = None,
    ) -> int:
        """Start it with these providers in place of the embedded one's; its port. `beside`: also
        put the file with the certificate here."""
        server = Traefik(
            folder=self.bed.folder("traefik"),
            host="127.0.0.1",
            port=ports.free(),
            api_port=ports.free(),
            redis_url=redis_url or "redis://127.0.0.1:1/0",
            root_key=root or "none",
        )
        server.prepare()
        if providers:
            file = server.folder / "traefik.yml"
            told = json.loads(file.read_text())
            # The file with the certificate stays, lest Traefik makes a key at every change
            # (`console.embedded.traefik`).
            kept = {"file": told["providers"]["file"]}
            told["providers"] = {"providersThrottleDuration": "0s", **kept, **providers}
            if beside:
                shutil.copy(server.folder / "dynamic.yml", beside)
            file.write_text(json.dumps(told))
        self.bed.program(server.command(), server.folder)
        server.wait(lambda: None)
        self.api_url = server.api_url
        return server.port


class TraefikTree(_Traefik):
    """On its tree in Redis."""

    name = "traefik"

    def begin(self) -> int:
        url, root = self.bed.house.redis_url(2), f"t{time.time_ns()}"
        password = url.partition("://:")[2].partition("@")[0]
        plain = url.replace(f":{password}@", "")
        self.row = self.bed.gateway("traefik", {"redis_url": plain, "root_key": root}, password)
        return self.start({}, redis_url=url, root=root)


class TraefikHttp(_Traefik):
    """On the document that the console serves, held back until there is news."""

    name = "traefik-http"
    driven = False

    def begin(self) -> int:
        token = secrets.token_hex(32)
        self.row = self.bed.gateway("traefik", {"provider": "http"}, token)
        child, port = self.bed.house.console()
        self.bed.stack.callback(end, child, signal.SIGTERM)
        address = f"/gateways/{self.row.pk}/traefik.json"
        return self.start(
            {
                "http": {
                    "endpoint": f"http://127.0.0.1:{port}{address}?wait=4&instance=bench",
                    "pollInterval": "1ms",
                    "headers": {"Authorization": f"Bearer {token}"},
                }
            }
        )


class TraefikRest(_Traefik):
    """Given each document by its REST provider."""

    name = "traefik-rest"

    def begin(self) -> int:
        port = self.start({"rest": {"insecure": True}})
        self.row = self.bed.gateway("traefik", {"provider": "rest", "api_url": self.api_url})
        return port


class TraefikFile(_Traefik):
    """On a file that the driver writes beside it; in its folder, the one with the certificate."""

    name = "traefik-file"

    def begin(self) -> int:
        folder = self.bed.house.files / str(time.time_ns())
        folder.mkdir(parents=True)
        file = folder / "portolan.yml"
        self.row = self.bed.gateway("traefik", {"provider": "file", "file": str(file)})
        self.bed.wait_for(file.exists, "the driver writes the file")
        return self.start({"file": {"directory": str(folder), "watch": True}}, beside=folder)


class TraefikKubernetes(_Traefik):
    """Its own Ingress provider on the same cluster, throttle off: nothing of ours takes part."""

    name = "traefik-kubernetes"
    driven = False

    def begin(self) -> int:
        cluster = self.bed.cluster
        cluster.ask("expose", NAMESPACE, SERVICE, HOST, self.bed.port)
        folder = self.bed.folder("kubernetes")
        folder.mkdir()
        (folder / "ca.crt").write_text(cluster.ca)
        (folder / "token").write_text(cluster.admin_token)
        return self.start(
            {
                "kubernetesIngress": {
                    "endpoint": cluster.server,
                    "certAuthFilePath": str(folder / "ca.crt"),
                    "token": str(folder / "token"),
                    "throttleDuration": "0s",
                }
            }
        )
