"""Behind a proxy that ends TLS: its word on how a client came counts, if settings say so."""

from __future__ import annotations

import http.client

import pytest

from console.embedded import ports
from gateways.drivers.envoy import Settings
from gateways.drivers.envoy.bootstrap import bootstrap
from gateways.xds.running import Running
from gateways.xds.server import Row
from tests.gateways.conftest import Serve
from tests.threads import eventually

from .bed import Bed
from .conftest import GATEWAY, PLANE, Feed, route, upstream

pytestmark = [pytest.mark.slow]


@pytest.mark.parametrize(("trusted", "status"), [(0, 301), (1, 200)])
def test_requests_that_came_by_https_are_served(
    feed: Feed,
    server: Running,
    rows: dict[str, Row],
    bed: Bed,
    serve: Serve,
    trusted: int,
    status: int,
) -> None:
    settings = Settings(address="127.0.0.1", port=ports.free(), trusted_proxies=trusted)
    rows[GATEWAY] = Row(id=GATEWAY, control_plane=PLANE, enabled=True, settings=settings)
    server.look()
    feed.put(upstream(1, f"127.0.0.1:{serve('127.0.0.1')}"), route(1, redirect_https=True))
    bed.run_envoy(bootstrap(gateway_id=GATEWAY, node_id="e1", host="127.0.0.1", port=server.port))

    def answered(proto: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", settings.port, timeout=5)
        headers = {"Host": "h1.org", "X-Forwarded-Proto": proto, "X-Forwarded-For": "192.0.2.9"}
        try:
            connection.request("GET", "/", headers=headers)
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()

    eventually(lambda: answered("http") == 301, within=30)
    assert answered("https") == status
