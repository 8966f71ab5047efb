"""By mutual TLS an Envoy is told of the gateway that its certificate names, and of no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from django.conf import settings

from console import redis
from gateways.drivers.envoy import api, bootstrap
from gateways.xds.access import Certificates
from gateways.xds.running import Running
from gateways.xds.server import Row, Server
from tests.gateways.conftest import Serve
from tests.threads import eventually

from .bed import Bed
from .client import Delta
from .conftest import GATEWAY, PLANE, Feed, route, upstream
from .pki import NAMES, Authority


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "pki")


@pytest.fixture
def guarded(feed: Feed, rows: dict[str, Row], authority: Authority) -> Iterator[Running]:
    certificate, key = authority.issue(*NAMES)
    feed.put(upstream(1, "10.0.0.1"), route(1))
    made = Running(
        Server(lambda: redis.connect(settings.REDIS_URL), lambda _anew: dict(rows)),
        "127.0.0.1",
        0,
        tls=Certificates(certificate=certificate, key=key, authority=authority.file),
    )
    yield made
    made.stop()


Come = Callable[..., Delta]


@pytest.fixture
def come(guarded: Running, authority: Authority) -> Iterator[Come]:
    clients: list[Delta] = []

    def one(*names: x509.GeneralName, by: Authority | None = None) -> Delta:
        pair = (by or authority).issue(*names) if names else None
        credentials = grpc.ssl_channel_credentials(
            authority.file.read_bytes(),
            pair[1].read_bytes() if pair else None,
            pair[0].read_bytes() if pair else None,
        )
        place = f"127.0.0.1:{guarded.port}"
        client = Delta(place, gateway=GATEWAY, credentials=credentials, server_name="localhost")
        clients.append(client)
        return client

    yield one
    for client in clients:
        client.close()


@pytest.mark.parametrize(
    "name",
    [
        x509.DNSName(GATEWAY),
        x509.UniformResourceIdentifier(f"spiffe://example.org/gateway/{GATEWAY}"),
    ],
)
def test_whose_certificate_names_the_gateway_is_told(come: Come, name: x509.GeneralName) -> None:
    client = come(name)
    eventually(lambda: api.ROUTES in client.has, within=20)


@pytest.mark.parametrize(
    "name", [x509.DNSName("another"), x509.UniformResourceIdentifier(f"spiffe://x/{GATEWAY}/y")]
)
def test_whose_certificate_names_another_is_refused(come: Come, name: x509.GeneralName) -> None:
    client = come(name)
    eventually(lambda: client.error is not None, within=20)
    assert client.error.code() == grpc.StatusCode.PERMISSION_DENIED
    assert client.answers == []


def test_strangers_do_not_get_in(come: Come, tmp_path: Path) -> None:
    nobody = come()
    forged = come(x509.DNSName(GATEWAY), by=Authority(tmp_path / "theirs"))
    for client in (nobody, forged):
        eventually(lambda c=client: c.error is not None, within=20)
        assert client.error.code() == grpc.StatusCode.UNAVAILABLE
        assert client.answers == []


@pytest.mark.slow
def test_a_real_envoy_comes_by_the_generated_bootstrap(
    feed: Feed,
    rows: dict[str, Row],
    guarded: Running,
    authority: Authority,
    serve: Serve,
    tmp_path: Path,
) -> None:
    from console.embedded import ports
    from gateways.drivers.envoy import Settings

    certificate, key = authority.issue(x509.DNSName(GATEWAY))
    port = ports.free()
    listening = Settings(address="127.0.0.1", port=port)
    rows[GATEWAY] = Row(id=GATEWAY, control_plane=PLANE, enabled=True, settings=listening)
    guarded.look()
    feed.put(upstream(1, f"127.0.0.1:{serve('127.0.0.1')}"))
    bed = Bed(tmp_path / "bed", "", PLANE, port)
    made = bootstrap.bootstrap(
        gateway_id=GATEWAY,
        node_id="e1",
        host="127.0.0.1",
        port=guarded.port,
        server_name="localhost",
        certificates=bootstrap.Certificates(
            certificate=str(certificate), key=str(key), authority=str(authority.file)
        ),
    )
    try:
        bed.run_envoy(made)
        eventually(lambda: bed.get("h1.org")[0] == 200, within=20)
    finally:
        bed.end()
