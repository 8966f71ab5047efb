"""Certificates that are renewed while Envoys are connected."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from django.conf import settings

from console import redis
from console.redis import Client
from gateways.drivers.envoy import Settings, bootstrap
from gateways.xds import certificates, standing
from gateways.xds.access import Certificates, Refused
from gateways.xds.certificates import Renewed
from gateways.xds.running import Running
from gateways.xds.server import Row, Server
from tests.gateways.conftest import Serve
from tests.threads import eventually

from .bed import Bed
from .client import Delta
from .conftest import GATEWAY, PLANE, Feed, route, upstream
from .pki import NAMES, Authority

Pair = tuple[Path, Path]


def replace(files: Certificates, pair: Pair, authority: Authority | None = None) -> None:
    """As one file after the other is replaced."""
    _become(files.certificate, pair[0])
    _become(files.key, pair[1])
    if authority:
        _become(files.authority, authority.file)


def _become(file: Path, new: Path) -> None:
    draft = file.with_suffix(".draft")
    draft.write_bytes(new.read_bytes())
    draft.replace(file)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "pki")


@pytest.fixture
def files(authority: Authority, tmp_path: Path) -> Certificates:
    """Those that the server is told of."""
    folder = tmp_path / "tls"
    folder.mkdir()
    made = Certificates(
        certificate=folder / "tls.crt", key=folder / "tls.key", authority=folder / "ca.crt"
    )
    replace(made, authority.issue(*NAMES), authority)
    return made


def test_a_new_pair_is_taken_and_a_broken_one_is_not(
    files: Certificates, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    renewed = Renewed(files)
    assert renewed.expires_at > 0
    good = authority.issue(*NAMES, days=5)
    _become(files.certificate, good[0])
    renewed.look()
    assert not renewed.trouble, "the key may be on its way"
    _become(files.key, good[1])
    renewed.look()
    assert not renewed.trouble
    taken = renewed.expires_at
    assert not _errors(caplog)
    _become(files.key, authority.issue(*NAMES)[1])
    for _look in range(3):
        renewed.look()
    assert renewed.trouble == "The key is not the certificate's."
    assert renewed.expires_at == taken
    assert len(_errors(caplog)) == 1
    _become(files.key, good[1])
    renewed.look()
    assert not renewed.trouble


@pytest.mark.parametrize("broken", ["certificate", "key", "authority"])
@pytest.mark.parametrize("how", ["nonsense", "missing"])
def test_what_cannot_be_read_changes_nothing(files: Certificates, broken: str, how: str) -> None:
    renewed = Renewed(files)
    path: Path = getattr(files, broken)
    before = path.read_bytes()
    path.unlink() if how == "missing" else path.write_text("no certificate")
    renewed.look()
    renewed.look()
    assert (path.name if how == "missing" else broken) in renewed.trouble
    with pytest.raises(Refused):
        Renewed(files)
    path.write_bytes(before)
    renewed.look()
    assert not renewed.trouble


def test_a_certificate_that_has_ended_is_not_taken(
    files: Certificates, authority: Authority
) -> None:
    renewed = Renewed(files)
    replace(files, authority.issue(*NAMES, days=-0.5))
    renewed.look()
    renewed.look()
    assert "has ended" in renewed.trouble
    with pytest.raises(Refused, match="has ended"):
        Renewed(files)


@pytest.fixture
def running(
    feed: Feed, files: Certificates, bed: Bed, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Running]:
    monkeypatch.setattr(certificates, "EVERY", 0.2)
    listening = Settings(address="127.0.0.1", port=bed.port)
    row = Row(id=GATEWAY, control_plane=PLANE, enabled=True, settings=listening)
    made = Running(
        Server(lambda: redis.connect(settings.REDIS_URL), lambda _anew: {GATEWAY: row}),
        "127.0.0.1",
        0,
        tls=files,
    )
    yield made
    made.stop()


def come(bed: Bed, running: Running, pair: Pair, authority: Authority) -> None:
    made = bootstrap.bootstrap(
        gateway_id=GATEWAY,
        node_id="e1",
        host="127.0.0.1",
        port=running.port,
        admin_port=bed.envoy.admin_port,
        server_name="localhost",
        certificates=bootstrap.Certificates(
            certificate=str(pair[0]), key=str(pair[1]), authority=str(authority.file)
        ),
    )
    bed.run_envoy(made)


def shown(running: Running, mine: Pair) -> x509.Certificate:
    """The certificate that the server shows to who connects now."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(*mine)
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection(("127.0.0.1", running.port), timeout=10) as plain,
        context.wrap_socket(plain) as wrapped,
    ):
        return x509.load_der_x509_certificate(wrapped.getpeercert(binary_form=True) or b"")


def of(pair: Pair) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pair[0].read_bytes())


@pytest.mark.slow
def test_envoys_stay_connected_while_everything_is_renewed(
    feed: Feed,
    store: Client,
    files: Certificates,
    running: Running,
    authority: Authority,
    serve: Serve,
    bed: Bed,
    tmp_path: Path,
) -> None:
    port = serve("127.0.0.1")
    feed.put(upstream(1, f"127.0.0.1:{port}"), route(1))
    mine = authority.issue(x509.DNSName(GATEWAY))
    come(bed, running, mine, authority)
    eventually(lambda: bed.get("h1.org")[0] == 200, within=30)
    connections = bed.stats("cluster.xds.upstream_cx_total")

    new = authority.issue(*NAMES)
    replace(files, new)
    eventually(lambda: shown(running, mine) == of(new), within=20)
    _become(files.certificate, tmp_path / "pki" / "ca.crt")  # not the key's
    eventually(lambda: _trouble(store) != "", within=20)
    assert shown(running, mine) == of(new)
    feed.put(upstream(2, f"127.0.0.1:{port}"), route(2))
    eventually(lambda: bed.get("h2.org")[0] == 200, within=20, what="the stream runs on")
    assert bed.stats("cluster.xds.upstream_cx_total") == connections

    theirs = Authority(tmp_path / "theirs")
    last = theirs.issue(*NAMES)
    replace(files, last, theirs)
    eventually(lambda: shown(running, mine) == of(last), within=20)
    eventually(lambda: _trouble(store) == "", within=20)
    feed.put(upstream(3, f"127.0.0.1:{port}"), route(3))
    eventually(lambda: bed.get("h3.org")[0] == 200, within=20, what="the stream runs on")
    bed.kill_envoy()
    come(bed, running, theirs.issue(x509.DNSName(GATEWAY)), theirs)
    eventually(lambda: bed.get("h3.org")[0] == 200, within=30, what="the new authority's Envoy")
    stranger = Delta(
        f"127.0.0.1:{running.port}",
        gateway=GATEWAY,
        credentials=grpc.ssl_channel_credentials(
            theirs.file.read_bytes(), mine[1].read_bytes(), mine[0].read_bytes()
        ),
        server_name="localhost",
    )
    try:
        eventually(lambda: stranger.error is not None, within=20, what="the old authority's")
        assert stranger.answers == []
    finally:
        stranger.close()


def _errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelname == "ERROR"]


def _trouble(store: Client) -> str:
    return "".join(one.certificate_trouble for one in standing.read(store))
