"""Asking a cluster whether it can be watched: each failure at its step, with the field to blame."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from console.embedded import ports
from practice.testing import PracticeCluster
from registries.kube.preflight import Finding, check
from registries.kube.spec import RegistrySpec
from tests.registries.reflecting import spec_of

SLICES = "endpointslices"


def rule(*verbs: str, resource: str = SLICES) -> dict:
    group = "discovery.k8s.io" if resource == SLICES else ""
    return {"apiGroups": [group], "resources": [resource], "verbs": list(verbs)}


def asked(spec: RegistrySpec) -> list[Finding]:
    return check(spec, allow_loopback=True)


def failed(spec: RegistrySpec) -> Finding:
    """The one failure, which is the last finding."""
    *passed, last = asked(spec)
    assert all(one.ok for one in passed)
    assert not last.ok
    return last


@pytest.fixture(scope="module")
def shared() -> Iterator[PracticeCluster]:
    with PracticeCluster() as running:
        yield running


@pytest.fixture
def cluster(shared: PracticeCluster) -> Iterator[PracticeCluster]:
    yield shared
    shared.clear_faults()


def test_a_cluster_that_can_be_watched(cluster: PracticeCluster) -> None:
    found = asked(spec_of(cluster))
    assert [one.step for one in found] == ["dns", "connection", "tls", "token", "list", "watch"]
    assert all(one.ok for one in found)
    assert "v1.36" in str(found[3])


def test_nothing_listens_there(cluster: PracticeCluster) -> None:
    found = failed(spec_of(cluster, server=f"https://127.0.0.1:{ports.free()}"))
    assert (found.step, found.field) == ("connection", "server")


def test_a_name_that_does_not_exist(cluster: PracticeCluster) -> None:
    found = failed(spec_of(cluster, server="https://nowhere.invalid:6443"))
    assert (found.step, found.field) == ("dns", "server")


def test_an_address_that_is_not_connected_to(cluster: PracticeCluster) -> None:
    [found] = check(spec_of(cluster), allow_loopback=False)
    assert (found.step, found.ok, found.field) == ("dns", False, "server")


@contextmanager
def plain_server(answer: bytes) -> Iterator[str]:
    """A server without TLS."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                client.recv(1_000)
                client.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


def test_a_server_without_tls(cluster: PracticeCluster) -> None:
    with plain_server(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n") as url:
        found = failed(spec_of(cluster, server=url))
    assert (found.step, found.field) == ("tls", "server")
    assert "TLS" in str(found)


def test_a_ca_that_did_not_sign(cluster: PracticeCluster) -> None:
    with PracticeCluster() as other:
        found = failed(spec_of(cluster, ca_bundle=other.ca))
        assert (found.step, found.field) == ("tls", "ca_bundle")
        both = asked(spec_of(cluster, ca_bundle=other.ca + cluster.ca))
        assert both[-1].ok, "a bundle may hold several"
    found = failed(spec_of(cluster, ca_bundle=""))
    assert (found.step, found.field) == ("tls", "ca_bundle")


def test_a_certificate_for_another_name(cluster: PracticeCluster) -> None:
    found = failed(spec_of(cluster, tls_server_name="other.example.org"))
    assert (found.step, found.field) == ("tls", "tls_server_name")


def test_the_name_may_be_given(cluster: PracticeCluster) -> None:
    assert asked(spec_of(cluster, tls_server_name="localhost"))[-1].ok


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_verification_may_be_switched_off(cluster: PracticeCluster) -> None:
    found = asked(spec_of(cluster, verify_tls=False, ca_bundle=""))
    assert found[-1].ok
    assert "not verified" in str(found[2])


def test_a_bad_token(cluster: PracticeCluster) -> None:
    found = failed(spec_of(cluster, token="nonsense"))
    assert (found.step, found.field) == ("token", "token")
    assert "nonsense" not in str(found)


def test_a_token_file(cluster: PracticeCluster, tmp_path: Path) -> None:
    file = tmp_path / "token"
    spec = spec_of(cluster, token="", token_file=str(file))
    found = failed(spec)
    assert (found.step, found.field) == ("token", "token_file")
    file.write_text(cluster.token + "\n")
    assert asked(spec)[-1].ok


def test_listing_is_forbidden(cluster: PracticeCluster) -> None:
    found = failed(spec_of(cluster, token=cluster.mint_token("none/nobody")))
    assert (found.step, found.field) == ("list", "token")
    assert "--resource=endpointslices.discovery.k8s.io" in found.command
    assert "clusterrole" in found.command


def test_watching_is_forbidden(cluster: PracticeCluster) -> None:
    cluster.grant("half/lister", [rule("list")])
    found = failed(spec_of(cluster, token=cluster.mint_token("half/lister")))
    assert (found.step, found.field) == ("watch", "token")


def test_endpoints_will_do(cluster: PracticeCluster) -> None:
    cluster.grant("old/legacy", [rule("list", "watch", resource="endpoints")])
    spec = spec_of(cluster, token=cluster.mint_token("old/legacy"))
    found = asked(spec)
    assert all(one.ok for one in found)
    assert "of endpoints" in str(found[-1])
    assert failed(replace(spec, resource=SLICES)).step == "list"


def test_a_role_in_a_namespace(cluster: PracticeCluster) -> None:
    cluster.grant("one/reader", [rule("list", "watch")], namespace="one")
    spec = spec_of(cluster, token=cluster.mint_token("one/reader"))
    assert failed(spec).step == "list", "it may not read all of them"
    inside = asked(replace(spec, namespaces=("one",)))
    assert all(one.ok for one in inside)
    found = failed(replace(spec, namespaces=("one", "two")))
    assert "in the namespace two" in str(found)
    assert "-n two" in found.command


def test_another_kind_of_server(cluster: PracticeCluster) -> None:
    for fault, step in (
        ({"kind": "html"}, "token"),
        ({"kind": "status", "code": 404}, "token"),
        ({"kind": "status", "code": 302}, "token"),
        ({"kind": "status", "code": 500}, "token"),
        ({"kind": "html", "verb": "list"}, "list"),
        ({"kind": "status", "verb": "list", "code": 404}, "list"),
        ({"kind": "status", "verb": "watch", "code": 500}, "watch"),
        ({"kind": "cut", "verb": "list", "at": 10}, "list"),
    ):
        cluster.fault(**fault)
        found = failed(spec_of(cluster, resource=SLICES))
        assert (found.step, found.field in ("server", "resource")) == (step, True), fault
        cluster.clear_faults()


def test_a_redirect_is_not_followed_and_takes_no_token_along() -> None:
    import ssl

    with PracticeCluster() as cluster, socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.3)
        target = f"https://127.0.0.1:{trap.getsockname()[1]}/"
        assert isinstance(cluster.cluster.pki.tls, ssl.SSLContext)
        listener = socket.create_server(("127.0.0.1", 0))

        def serve() -> None:
            listener.accept()[0].close()  # it is tried whether anybody listens
            client, _ = listener.accept()
            # A pretender needs a certificate of the cluster's CA; this one has it.
            with cluster.cluster.pki.tls.wrap_socket(client, server_side=True) as secure:
                secure.recv(10_000)
                secure.sendall(
                    f"HTTP/1.1 307 Away\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode()
                )

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        found = failed(spec_of(cluster, server=url))
        thread.join(5)
        listener.close()
        assert (found.step, found.field) == ("token", "server")
        assert "redirect" in str(found)
        with pytest.raises(TimeoutError):
            trap.accept()
