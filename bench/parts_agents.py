"""Gateways that follow the control plane's feed by a part of ours beside them: Envoy by an xDS
server, APISIX's discovery module in a real nginx."""

from __future__ import annotations

import time

from bench.parts_edges import Edge, Missing
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


class ApisixDiscovery(Edge):
    """The module in a real nginx: upstreams by their ids, as APISIX asks its discovery for them.
    APISIX's own part of a request, the matching of routes, is not in it."""

    name = "apisix-discovery"
    driven = False

    def begin(self) -> int:
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
        self.host = self.bed.upstream
        self.bed.stack.enter_context(bed)
        return bed.port
