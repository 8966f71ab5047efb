"""Registries: their tokens, their clusters, and what was found in these."""

from __future__ import annotations

import pytest

from applications.models import Member
from console import redis
from console.contract import keys, wire
from console.feed import FeedWriter
from registries import health
from registries.models import Registry
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
    steps = ["dns", "connection", "tls", "token", "list", "watch"]
    assert [one["step"] for one in good["findings"]] == steps
    bad = api.post(f"{URL}test/", of_cluster | {"ca_bundle": ""}).json()
    assert bad["ok"] is False
    assert (bad["findings"][-1]["step"], bad["findings"][-1]["ok"]) == ("tls", False)
    assert bad["findings"][-1]["text"]
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
        "since": "2023-11-14T22:13:20Z",
        "said_at": "2023-11-14T22:13:21.500000Z",
        "services": 7,
        "warnings": ["old server"],
    }


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
    for name in ("status/", "namespaces/", "services/", "services/a/b/"):
        assert api.get(nobody + name).status_code == 404
    assert api.post(f"{nobody}test/").status_code == 404
