"""Registries: their tokens, their clusters, and what was found in these."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import yaml

from applications.models import Member
from console import redis
from console.contract import keys, wire
from console.feed import FeedWriter
from console.lags import BOUNDS
from console.models import AuditEntry
from registries import health, truth
from registries.models import Registry, Transition
from tests import factories

URL = "/api/v1/registries/"


@pytest.fixture
def registry(plane):
    return factories.make_registry(control_plane=plane, name="c1")


@pytest.fixture
def of_cluster(cluster, plane):
    """A body that describes the practice cluster."""
    return {
        "name": "practice",
        "server": cluster.server,
        "ca_bundle": cluster.ca,
        "token": cluster.token,
    }


def _publish(registry_id: object, *services: wire.Service) -> None:
    owner = keys.registry(str(registry_id))
    writer = FeedWriter(redis.store(), keys.feed(owner), epoch=1)
    writer.open()
    states = {keys.service(one.namespace, one.name): wire.encode(one) for one in services}
    writer.commit(states, always=True)


def _service(name: str, *, ready: int = 2, total: int = 3, namespace: str = "shop") -> wire.Service:
    endpoints = tuple(
        wire.Endpoint(address=f"10.0.0.{number}", ready=number < ready) for number in range(total)
    )
    ports = (wire.Port(name="http", port=8080), wire.Port(name="admin", port=9090))
    return wire.Service(
        namespace=namespace,
        name=name,
        subsets=(wire.Subset(ports=ports, endpoints=endpoints),),
        seq=1,
        observed_at=1_700_000_000_123,
    )


def test_a_token_stays_unless_another_is_given(api, registry):
    url = f"{URL}{registry.pk}/"
    answer = api.patch(url, {"description": "x", "verify": False})
    assert answer.json()["token_set"] is True
    registry.refresh_from_db()
    assert registry.token.reveal() == "a-token"
    api.patch(url, {"token": "another", "verify": False})
    registry.refresh_from_db()
    assert registry.token.reveal() == "another"


def test_a_token_gives_way_to_a_token_file(api, registry):
    url = f"{URL}{registry.pk}/"
    both = api.patch(url, {"token_file": "/run/token", "verify": False})
    assert both.status_code == 400
    assert both.json() == {"token": ["Give a token or a token file, not both."]}
    answer = api.patch(url, {"token_file": "/run/token", "token": "", "verify": False})
    assert answer.json()["token_set"] is False


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/run/../etc/passwd", "/running/token", "/run/", "run/token", "/run"]
)
def test_a_token_file_lies_in_a_folder_for_tokens(api, registry, path):
    """Or an editor could have any file of the workers sent to a server of their own."""
    answer = api.patch(f"{URL}{registry.pk}/", {"token_file": path, "token": "", "verify": False})
    assert answer.status_code == 400
    assert "REGISTRIES_TOKEN_FOLDERS" in answer.json()["token_file"][0]
    registry.refresh_from_db()
    assert registry.token_file == ""


def test_a_cluster_is_asked_before_its_registry_is_saved(api, of_cluster):
    answer = api.post(URL, of_cluster)
    assert answer.status_code == 201, answer.json()
    refused = api.post(URL, of_cluster | {"name": "other", "token": "wrong"})
    assert refused.status_code == 400
    assert list(refused.json()) == ["token"]
    assert Registry.objects.count() == 1


def test_a_cluster_can_be_tried_without_saving_it(api, of_cluster):
    del of_cluster["name"]
    good = api.post(f"{URL}test/", of_cluster).json()
    assert good["ok"] is True
    steps = ["dns", "connection", "tls", "token", "access", "list", "watch"]
    assert list(dict.fromkeys(one["step"] for one in good["findings"])) == steps
    assert len(good["findings"][2]["certificates"]) == 2
    bad = api.post(f"{URL}test/", of_cluster | {"ca_bundle": ""}).json()
    assert bad["ok"] is False
    failed = next(one for one in bad["findings"] if not one["ok"])
    assert (failed["step"], failed["state"], failed["code"]) == ("tls", "failed", "tls_untrusted")
    assert failed["text"]
    assert failed["fix"]
    assert failed["pin"].strip() == of_cluster["ca_bundle"].strip()
    assert {one["state"] for one in bad["findings"][3:]} == {"skipped"}
    invalid = api.post(f"{URL}test/", of_cluster | {"server": "http://10.0.0.1"})
    assert invalid.status_code == 400
    assert list(invalid.json()) == ["server"]
    assert not Registry.objects.exists()


def test_a_saved_registry_can_be_tested(api, of_cluster):
    row = api.post(URL, of_cluster).json()
    assert api.post(f"{URL}{row['id']}/test/").json()["ok"] is True


def test_clusters_are_not_tried_without_end(api, registry, monkeypatch):
    from console.rest import ConnectionThrottle

    monkeypatch.setattr(ConnectionThrottle, "rate", "2/min")
    answers = [api.post(f"{URL}test/", {}).status_code for _ in range(3)]
    assert answers == [400, 400, 429]


def test_the_rights_that_a_registry_needs(api, plane):
    found = api.get(f"{URL}rbac/?namespaces=shop,billing&token=request&home=intake").json()
    kinds = [one["kind"] for one in yaml.safe_load_all(found["manifest"])]
    assert kinds == ["ServiceAccount", *["Role", "RoleBinding"] * 3]
    assert [one["step"] for one in found["commands"]] == ["home", "apply", "token"]
    assert "-n intake create token" in found["commands"][-1]["text"]
    everything = api.get(f"{URL}rbac/").json()["manifest"]
    assert "kind: ClusterRole" in everything
    assert "kind: Secret" in everything


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("namespaces=shop,Not_One", "namespaces"),
        ("home=a%20b", "home"),
        ("token=guess", "token"),
        ("resource=secrets", "resource"),
    ],
)
def test_no_rights_for_what_is_no_name(api, plane, query, field):
    answer = api.get(f"{URL}rbac/?{query}")
    assert answer.status_code == 400
    assert list(answer.json()) == [field]


def test_a_registry_in_use_is_not_deleted(api, plane, registry):
    factories.make_application(registry=registry, name="shop")
    answer = api.delete(f"{URL}{registry.pk}/")
    assert answer.status_code == 409
    assert answer.json()["detail"].startswith("The registry is in use: c1/apisix/httpbin:80-80.")
    assert Registry.objects.filter(pk=registry.pk).exists()
    assert Member.objects.count() == 1


def test_says_what_its_worker_said(api, registry, store):
    url = f"{URL}{registry.pk}/status/"
    unknown = api.get(url).json()
    assert (unknown["phase"], unknown["said_at"]) == ("unknown", None)
    status = health.Status(
        phase="failing",
        reason="unauthorized",
        text="The token was refused.",
        since=1_700_000_000_000,
        said_at=1_700_000_001_500,
        services=7,
        warnings=("old server",),
    )
    health.write(store, str(registry.pk), status)
    said = api.get(url).json()
    assert said == unknown | {
        "phase": "failing",
        "reason": "unauthorized",
        "text": "The token was refused.",
        "headline": said["headline"],
        "fix": said["fix"],
        "command": said["command"],
        "since": "2023-11-14T22:13:20Z",
        "said_at": "2023-11-14T22:13:21.500000Z",
        "services": 7,
        "warnings": ["old server"],
    }


def test_says_how_it_reads_and_what_was_compared(api, registry, store):
    registry_id = str(registry.pk)
    status = health.Status(
        phase="connected",
        streamed=True,
        cluster="a-uid",
        worker="host:1",
        bookmark_at=1_700_000_000_000,
        failures={"cut": 2},
        refused={"a loopback address": 1},
        lag_counts=(3, *(0 for _ in BOUNDS[1:]), 1),
        lag_sum=0.25,
    )
    health.write(store, registry_id, status)
    difference = truth.Difference(service="shop/web", missing=("10.0.0.1",))
    truth.write(
        registry_id,
        truth.Comparison(compared_at=1_700_000_000_000, services=3, differences=(difference,)),
    )
    said = api.get(f"{URL}{registry_id}/status/").json()
    assert (said["streamed"], said["cluster"], said["worker"]) == (True, "a-uid", "host:1")
    assert said["bookmark_at"] == "2023-11-14T22:13:20Z"
    assert (said["failures"], said["refused"]) == ({"cut": 2}, {"a loopback address": 1})
    assert said["lags"][0] == {"up_to": 0.001, "count": 3}
    assert said["lags"][-1] == {"up_to": None, "count": 1}
    assert len(said["lags"]) == len(BOUNDS) + 1
    assert said["comparison"]["services"] == 3
    assert said["comparison"]["differences"] == [
        {"service": "shop/web", "missing": ["10.0.0.1"], "surplus": [], "changed": []}
    ]


def test_tells_how_it_stood_newest_first_and_in_pages(api, registry):
    began = datetime(2026, 1, 1, tzinfo=UTC)
    for hour, (phase, reason) in enumerate(
        [("connected", ""), ("failing", "dns"), ("connected", "")]
    ):
        at = began + timedelta(hours=hour)
        Transition.objects.create(registry=registry, at=at, phase=phase, reason=reason, text="why")
    url = f"{URL}{registry.pk}/history/"
    first = api.get(url, {"page_size": 1}).json()
    assert (first["count"], first["next"] is not None) == (3, True)
    [newest] = first["results"]
    assert (newest["phase"], newest["ended_at"]) == ("connected", None)
    [second] = api.get(url, {"page_size": 1, "page": 2}).json()["results"]
    assert second == {
        "at": "2026-01-01T01:00:00Z",
        "phase": "failing",
        "reason": "dns",
        "text": "why",
        "ended_at": "2026-01-01T02:00:00Z",
    }
    other = factories.make_registry(control_plane=registry.control_plane, name="c2")
    assert api.get(f"{URL}{other.pk}/history/").json()["results"] == []


def test_another_cluster_is_accepted_by_its_present_identity_only(api, registry, store):
    url = f"{URL}{registry.pk}/accept-cluster/"
    unknown = api.post(url, {"cluster": "new"})
    assert unknown.status_code == 400
    assert "not known" in unknown.json()["cluster"][0]
    status = health.Status(phase="failing", reason="other_cluster", cluster="new")
    health.write(store, str(registry.pk), status)
    wrong = api.post(url, {"cluster": "old"})
    assert wrong.status_code == 400
    assert "Look again" in wrong.json()["cluster"][0]
    assert list(api.post(url, {}).json()) == ["cluster"]
    registry.refresh_from_db()
    assert (registry.accepted_cluster, registry.revision) == ("", 0)
    right = api.post(url, {"cluster": "new"})
    assert right.status_code == 200
    assert right.json()["accepted_cluster"] == "new"
    registry.refresh_from_db()
    assert (registry.accepted_cluster, registry.revision) == ("new", 1)
    entry = AuditEntry.objects.first()
    assert (entry.verb, entry.after) == ("changed", {"accepted_cluster": "new"})


def test_shows_what_runs_in_its_cluster(api, registry, store):
    _publish(registry.pk, _service("web"), _service("api"), _service("db", namespace="data"))
    base = f"{URL}{registry.pk}/"
    assert api.get(f"{base}namespaces/").json() == {"namespaces": ["data", "shop"]}
    found = api.get(f"{base}services/", {"namespace": "shop"}).json()
    assert (found["count"], [one["name"] for one in found["results"]]) == (2, ["api", "web"])
    first = found["results"][0]
    assert first["endpoints"] == {"ready": 2, "total": 3}
    assert [port["name"] for port in first["ports"]] == ["admin", "http"]
    assert first["observed_at"] == "2023-11-14T22:13:20.123000Z"
    assert len(first["subsets"][0]["endpoints"]) == 3
    assert api.get(f"{base}services/shop/api/").json() == first
    assert api.get(f"{base}services/shop/nothing/").status_code == 404
    assert api.get(f"{base}services/", {"search": "W"}).json()["count"] == 1


def test_services_come_in_pages(api, registry, store):
    _publish(registry.pk, *(_service(f"s{number:02}") for number in range(25)))
    url = f"{URL}{registry.pk}/services/"
    page = api.get(url, {"page": 3, "page_size": 10}).json()
    assert [one["name"] for one in page["results"]] == [f"s{number}" for number in range(20, 25)]
    assert (page["count"], page["next"]) == (25, None)
    assert api.get(url, {"page": 4, "page_size": 10}).status_code == 404


def test_strangers_are_not_found(api, registry, store):
    nobody = f"{URL}00000000-0000-0000-0000-000000000000/"
    for name in ("status/", "history/", "namespaces/", "services/", "services/a/b/"):
        assert api.get(nobody + name).status_code == 404
    assert api.post(f"{nobody}test/").status_code == 404
    assert api.post(f"{nobody}accept-cluster/", {"cluster": "x"}).status_code == 404
