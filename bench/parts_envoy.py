"""Envoy as a bench starts it."""

from __future__ import annotations

from bench.parts_edges import Edge
from console.embedded import ports


class Envoy(Edge):
    """A real Envoy at an xDS server of its own. A worker renders for it too, as it does for every
    gateway's page."""

    name = "envoy"
    driven = False

    def begin(self) -> int:
        from tests.xds.bed import Bed

        port = ports.free()
        self.row = self.bed.gateway("envoy", {"address": "127.0.0.1", "port": port})
        bed = Bed(
            self.bed.folder("envoy"),
            self.bed.house.redis_url(0),
            str(self.bed.control_plane.pk),
            port,
            gateway=str(self.row.pk),
        )
        self.bed.stack.callback(bed.end)
        bed.start_server()
        bed.start_envoy()
        return port
