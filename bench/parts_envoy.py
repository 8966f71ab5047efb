"""Envoy as a bench starts it."""

from __future__ import annotations

from bench.parts_edges import Edge, first_after
from console.embedded import ports

ACKED = "Envoy's ACK"


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

    def hops(self, sent: float) -> dict[str, float]:
        """When the xDS server had Envoy's word that it took the change."""
        from console import redis
        from gateways import instances

        row = str(self.row.pk) if self.row else ""

        def said() -> int:
            known = instances.read(redis.store(), [row])[row]
            return max((one.applied_at for one in known), default=0)

        return {ACKED: first_after(sent, said, "The xDS server never told of an ACK.")}
