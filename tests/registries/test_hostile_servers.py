"""A server that sends too much, too slowly, too deep or without end fails its registry alone."""

from __future__ import annotations

import gzip
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from practice.testing import PracticeCluster
from registries.kube import client as client_module
from registries.kube.client import Client
from registries.kube.errors import KubeError
from registries.kube.reflector import TIMING, Limits, answers
from registries.kube.reflector.lists import Lister, not_older_than
from registries.kube.reflector.pulse import Pulse
from registries.kube.slices import ENDPOINT_SLICES
from registries.kube.spec import RegistrySpec
from tests.registries.reflecting import reflecting
from tests.threads import eventually

PATH = "/apis/discovery.k8s.io/v1/endpointslices"


@contextmanager
def hostile(folder: Path, send: Any) -> Iterator[RegistrySpec]:
    """A server whose every answer is what `send` writes."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                send(self)
            except OSError:
                return  # the client has had enough

        def log_message(self, *_: object) -> None: ...

    with PracticeCluster(data=folder):
        pass  # it leaves its certificates
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.crt", folder / "server.key")
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield RegistrySpec(
            id="1",
            name="hostile",
            server=f"https://127.0.0.1:{server.server_port}",
            ca_bundle=(folder / "ca.crt").read_text(),
            token="t",
        )
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def asked(spec: RegistrySpec) -> KubeError:
    client = Client(spec, allow_loopback=True)
    with pytest.raises(KubeError) as caught:
        client.get(PATH)
    client.close()
    return caught.value


def test_single_bytes_do_not_hold_a_reader_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "BODY_WITHIN", 1.0)

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        for _ in range(400):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.05)

    with hostile(tmp_path, drip) as spec:
        began = time.monotonic()
        assert asked(spec).code == "bad_answer"
        assert time.monotonic() - began < 15


def test_a_bomb_is_measured_unpacked(tmp_path: Path) -> None:
    bomb = gzip.compress(b" " * 200 * 1024 * 1024, 9)

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", str(len(bomb)))
        handler.end_headers()
        handler.wfile.write(bomb)

    with hostile(tmp_path, send) as spec:
        error = asked(spec)
        assert error.code == "bad_answer"
        assert "64 MiB" in error.text


DEEP = b"[" * 100_000


def test_depth_is_a_bad_answer() -> None:
    with pytest.raises(KubeError, match="cannot be read"):
        answers.read_page(ENDPOINT_SLICES, b'{"metadata":{},"kind":"x","extra":' + DEEP)
    with pytest.raises(KubeError, match="cannot be read"):
        answers.read_event(ENDPOINT_SLICES, b'{"type":"ADDED","object":{"x":' + DEEP)


def put(cluster: PracticeCluster, number: int) -> None:
    for n in range(number):
        cluster.put_service("shop", f"web-{n}", addresses=[f"10.0.1.{n}"])


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(page=2, objects=5), "too_much"),
        (Limits(page=2, size=2_000), "too_much"),
        (Limits(page=2, pages=3), "bad_answer"),
    ],
)
def test_a_list_beyond_the_limits_fails_and_changes_nothing(
    cluster: PracticeCluster, limits: Limits, code: str
) -> None:
    put(cluster, 12)
    with reflecting(cluster, limits=limits) as running:
        eventually(lambda: running.status.reason == code)
        assert running.seen.now == {}


def test_a_stream_beyond_the_limits_fails_and_changes_nothing(cluster: PracticeCluster) -> None:
    put(cluster, 12)
    limits = Limits(page=2, objects=5)
    with reflecting(cluster, limits=limits, streamed=True) as running:
        eventually(lambda: running.status.reason == "too_much")
        assert running.seen.now == {}


def test_a_continue_token_for_ever_ends(tmp_path: Path) -> None:
    page = json.dumps(
        {
            "kind": "EndpointSliceList",
            "metadata": {"resourceVersion": "1", "continue": "again"},
            "items": [],
        }
    ).encode()

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(page)))
        handler.end_headers()
        handler.wfile.write(page)

    with hostile(tmp_path, send) as spec:
        client = Client(spec, allow_loopback=True)
        lister = Lister(
            client,
            scope="",
            query={},
            stop=threading.Event(),
            pulse=Pulse(),
            timing=TIMING,
            limits=Limits(pages=20),
        )
        with pytest.raises(KubeError, match="20 pages"):
            lister.read(ENDPOINT_SLICES, not_older_than(""))
        client.close()
