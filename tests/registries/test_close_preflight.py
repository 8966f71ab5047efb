"""The steps as somebody sees them who looks on: announced, told closely, with what mends them."""

from __future__ import annotations

import hashlib
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.embedded import ports
from practice.testing import PracticeCluster
from registries.kube import chain
from registries.kube.client import Client
from registries.kube.preflight import STEPS, Finding, State, check, walk
from registries.kube.preflight import scopes as scopes_module
from registries.kube.spec import RegistrySpec
from tests.registries.reflecting import spec_of
from tests.threads import eventually

SLICES = {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"]}
READ = ["list", "watch"]


@pytest.fixture(scope="module")
def shared() -> Iterator[PracticeCluster]:
    with PracticeCluster() as running:
        yield running


@pytest.fixture
def cluster(shared: PracticeCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[PracticeCluster]:
    monkeypatch.setattr(scopes_module, "_WATCHED_FOR", 0.3)
    yield shared
    shared.clear_faults()


def walked(spec: RegistrySpec) -> list[Finding]:
    return [one for one in walk(spec, allow_loopback=True) if one.state is not State.RUNNING]


def of(found: list[Finding], step: str) -> list[Finding]:
    return [one for one in found if one.step == step]


def broken(spec: RegistrySpec) -> Finding:
    """The one step that failed; all before it passed, all after it were not tried."""
    found = walked(spec)
    [failure] = [one for one in found if not one.ok]
    place = found.index(failure)
    assert all(one.state in (State.PASSED, State.NOTED) for one in found[:place])
    assert [one.step for one in found[place + 1 :]] == list(STEPS[STEPS.index(failure.step) + 1 :])
    assert all(one.state is State.SKIPPED for one in found[place + 1 :])
    return failure


def test_each_step_is_announced_before_it_is_taken(cluster: PracticeCluster) -> None:
    found = list(walk(spec_of(cluster), allow_loopback=True))
    announced = [one.step for one in found if one.state is State.RUNNING]
    assert announced == list(STEPS)
    for step in STEPS:
        first = next(one for one in found if one.step == step)
        assert first.state is State.RUNNING


def test_all_is_told_of_a_cluster_that_can_be_watched(cluster: PracticeCluster) -> None:
    cluster.put_service("shop", "web", addresses=["10.0.0.1"])
    found = walked(spec_of(cluster))
    assert all(one.ok for one in found)
    assert "127.0.0.1" in str(of(found, "dns")[0])
    assert str(cluster.port) in str(of(found, "connection")[0])
    uid = cluster.get("namespaces", "", "kube-system")["metadata"]["uid"]
    assert uid in str(of(found, "token")[1])
    assert [str(one) for one in of(found, "access")] == [
        "The service account may list endpointslices in all namespaces.",
        "The service account may watch endpointslices in all namespaces.",
    ]
    assert "are listed: 1 in" in str(of(found, "list")[0])
    assert "changes in 0.3 s: 0" in str(of(found, "watch")[0])


def test_the_chain_is_shown(cluster: PracticeCluster) -> None:
    own, authority = of(walked(spec_of(cluster)), "tls")[0].certificates
    assert "localhost" in own.names
    assert not own.authority
    assert own.current
    assert (authority.authority, authority.subject) == (True, "CN=practice-ca")
    assert own.issuer == authority.subject
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(cluster.ca)).hexdigest()
    assert authority.fingerprint.replace(":", "").lower() == digest


def test_an_unknown_ca_can_be_pinned(cluster: PracticeCluster) -> None:
    failure = broken(spec_of(cluster, ca_bundle=""))
    assert (failure.step, failure.code, failure.field) == ("tls", "tls_untrusted", "ca_bundle")
    assert len(failure.certificates) == 2
    assert failure.pin.strip() == cluster.ca.strip()
    assert all(
        one.ok for one in check(spec_of(cluster, ca_bundle=failure.pin), allow_loopback=True)
    )


def test_nothing_is_sent_while_the_chain_is_looked_at(cluster: PracticeCluster) -> None:
    cluster.forget_requests()
    broken(spec_of(cluster, ca_bundle=""))
    assert not cluster.requests()


def test_a_server_that_shows_only_its_own_certificate_can_be_trusted_by_it(
    cluster: PracticeCluster,
) -> None:
    client = Client(spec_of(cluster), allow_loopback=True)
    own = client.certificates()[:1]
    client.close()
    pin = chain.anchor(own)
    assert "practice-ca" in chain.read(own)[0].issuer
    assert all(one.ok for one in check(spec_of(cluster, ca_bundle=pin), allow_loopback=True))


def test_a_pinned_server_still_has_to_have_the_right_name(cluster: PracticeCluster) -> None:
    client = Client(spec_of(cluster), allow_loopback=True)
    pin = chain.anchor(client.certificates()[:1])
    client.close()
    failure = broken(spec_of(cluster, ca_bundle=pin, tls_server_name="other.example.org"))
    assert failure.code == "tls_name"


def test_what_is_no_certificate_is_left_out() -> None:
    assert chain.read([b"\x30\x03\x02\x01\x01", b""]) == ()
    assert chain.anchor([b"nonsense"]) == ""


def test_the_names_of_the_certificate_are_told(cluster: PracticeCluster) -> None:
    failure = broken(spec_of(cluster, tls_server_name="other.example.org"))
    assert (failure.code, failure.field) == ("tls_name", "tls_server_name")
    assert "practice.local" in failure.fix % failure.params


def test_a_refused_port(cluster: PracticeCluster) -> None:
    failure = broken(spec_of(cluster, server=f"https://127.0.0.1:{ports.free()}"))
    assert (failure.step, failure.code) == ("connection", "refused")


def test_a_name_that_leads_nowhere(cluster: PracticeCluster) -> None:
    failure = broken(spec_of(cluster, server="https://nowhere.invalid:6443"))
    assert (failure.step, failure.code) == ("dns", "dns")


def test_an_address_refused_by_policy(cluster: PracticeCluster) -> None:
    found = [one for one in walk(spec_of(cluster), allow_loopback=False) if not one.ok]
    assert [(one.step, one.code) for one in found] == [("dns", "refused_address")]


def test_an_expired_token_says_when_it_ended(cluster: PracticeCluster) -> None:
    failure = broken(spec_of(cluster, token=cluster.mint_token("old/one", expires=-60)))
    assert (failure.step, failure.code, failure.field) == ("token", "unauthorized", "token")
    assert time.strftime("%Y-", time.gmtime()) in str(failure)
    assert "ended on" in str(failure)


def test_a_wrong_token(cluster: PracticeCluster) -> None:
    failure = broken(spec_of(cluster, token="nonsense"))
    assert (failure.step, failure.code, failure.field) == ("token", "unauthorized", "token")
    assert "nonsense" not in repr(failure)


def test_a_forbidden_list_comes_with_what_grants_it(cluster: PracticeCluster) -> None:
    found = walked(spec_of(cluster, token=cluster.mint_token("none/nobody"), resource="endpoints"))
    refused = of(found, "access")
    assert [one.state for one in refused] == [State.FAILED, State.FAILED]
    assert "--serviceaccount=none:nobody" in refused[0].command
    assert "--resource=endpoints &&" in refused[0].command
    assert [one.state for one in of(found, "list") + of(found, "watch")] == [State.SKIPPED] * 2


def test_a_list_without_a_watch(cluster: PracticeCluster) -> None:
    cluster.grant("half/lister", [{**SLICES, "verbs": ["list"]}])
    spec = spec_of(cluster, token=cluster.mint_token("half/lister"), resource="endpointslices")
    refused = of(walked(spec), "access")
    assert [(one.params["verb"], one.ok) for one in refused] == [("list", True), ("watch", False)]


def test_without_an_answer_about_permissions_it_is_tried(cluster: PracticeCluster) -> None:
    cluster.grant("half/lister", [{**SLICES, "verbs": ["list"]}])
    cluster.fault("status", verb="create", resource="selfsubjectaccessreviews", code=403)
    assert all(one.ok for one in walked(spec_of(cluster)))
    spec = spec_of(cluster, token=cluster.mint_token("half/lister"), resource="endpointslices")
    found = walked(spec)
    assert [one.state for one in of(found, "access")] == [State.NOTED]
    assert of(found, "list")[0].ok
    [refused] = of(found, "watch")
    assert (refused.state, refused.code) == (State.FAILED, "forbidden")
    assert "--verb=list,watch" in refused.command


def test_endpoints_will_do_where_slices_are_forbidden(cluster: PracticeCluster) -> None:
    cluster.grant("old/legacy", [{"apiGroups": [""], "resources": ["endpoints"], "verbs": READ}])
    found = walked(spec_of(cluster, token=cluster.mint_token("old/legacy")))
    assert all(one.ok for one in found)
    assert State.NOTED in {one.state for one in of(found, "access")}
    assert of(found, "watch")[0].params["resource"] == "endpoints"


def test_every_namespace_is_told_of_although_one_is_forbidden(cluster: PracticeCluster) -> None:
    cluster.grant("one/reader", [{**SLICES, "verbs": READ}], namespace="one")
    spec = spec_of(
        cluster,
        token=cluster.mint_token("one/reader"),
        namespaces=("two", "one"),
        resource="endpointslices",
    )
    found = walked(spec)
    assert [(one.params["namespace"], one.ok) for one in of(found, "access")] == [
        ("two", False),
        ("two", False),
        ("one", True),
        ("one", True),
    ]
    assert [one.state for one in of(found, "watch")] == [State.SKIPPED, State.PASSED]
    assert "-n two" in of(found, "access")[0].command


def test_a_token_that_may_read_secrets_is_too_much(cluster: PracticeCluster) -> None:
    found = walked(spec_of(cluster, token=cluster.admin_token))
    assert all(one.ok for one in found)
    assert "secrets" in str(of(found, "access")[-1])


def test_without_a_right_to_the_identity_it_is_only_noted(cluster: PracticeCluster) -> None:
    cluster.grant("one/reader", [{**SLICES, "verbs": READ}])
    found = walked(spec_of(cluster, token=cluster.mint_token("one/reader")))
    assert [one.state for one in of(found, "token")] == [State.PASSED, State.NOTED]
    assert all(one.ok for one in found)


def test_changes_that_arrive_are_counted(cluster: PracticeCluster) -> None:
    found = []
    for one in walk(spec_of(cluster), allow_loopback=True):
        if (one.step, one.state) == ("watch", State.RUNNING):
            cluster.put_service("counted", "web", addresses=["10.0.0.9"])
        found.append(one)
    assert found[-1].params["count"] == 1
    cluster.delete_service("counted", "web")


@pytest.mark.parametrize(
    ("fault", "step", "code"),
    [
        ({"kind": "html"}, "token", "bad_answer"),
        ({"kind": "status", "code": 302}, "token", "redirected"),
        ({"kind": "status", "code": 404}, "token", "not_found"),
        ({"kind": "status", "code": 503}, "token", "server_error"),
        ({"kind": "html", "verb": "list"}, "list", "bad_answer"),
        ({"kind": "cut", "verb": "list", "at": 10}, "list", "cut"),
        ({"kind": "status", "verb": "list", "code": 404}, "list", "not_found"),
        ({"kind": "status", "verb": "watch", "code": 500}, "watch", "server_error"),
        ({"kind": "error-event", "verb": "watch", "code": 410}, "watch", "expired"),
    ],
)
def test_another_kind_of_server(
    fault: dict[str, object], step: str, code: str, cluster: PracticeCluster
) -> None:
    cluster.fault(**fault)  # type: ignore[arg-type]
    failures = [one for one in walked(spec_of(cluster)) if not one.ok]
    assert [(one.step, one.code) for one in failures] == [(step, code)]


def test_a_watch_that_is_no_stream_of_events(cluster: PracticeCluster) -> None:
    cluster.fault("garbage", verb="watch")
    found = []
    for one in walk(spec_of(cluster), allow_loopback=True):
        if (one.step, one.state) == ("watch", State.RUNNING):
            cluster.put_service("counted", "garbage", addresses=["10.0.0.9"])
        found.append(one)
    assert (found[-1].step, found[-1].code) == ("watch", "bad_answer")


def test_a_web_page_is_called_one(cluster: PracticeCluster) -> None:
    cluster.fault("html")
    assert "web page" in broken(spec_of(cluster)).detail


def test_who_looks_on_may_leave(cluster: PracticeCluster) -> None:
    steps = walk(spec_of(cluster), allow_loopback=True)
    for one in steps:
        if one.step == "watch":
            break
    steps.close()
    eventually(lambda: cluster.open_watches() == 0)


def test_a_token_file_that_is_not_there(cluster: PracticeCluster, tmp_path: Path) -> None:
    failure = broken(spec_of(cluster, token="", token_file=str(tmp_path / "no")))
    assert (failure.step, failure.code, failure.field) == ("token", "token_file", "token_file")
