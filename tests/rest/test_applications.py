"""Applications with their upstreams and APIs."""

from __future__ import annotations

import msgspec
import pytest

from applications.models import Application, Upstream
from console import redis
from console.contract import keys, wire
from console.feed import FeedWriter
from console.models import AuditEntry
from tests import factories

URL = "/api/v1/applications/"
STATIC = {"kind": "static", "host": "10.0.0.1", "port": 80}


@pytest.fixture
def registry(plane):
    return factories.make_registry(control_plane=plane, name="c1")


@pytest.fixture
def application(registry):
    return factories.make_application(registry=registry, name="shop", published=False)


def _discovered(registry, **overrides):
    values = {"registry": str(registry.pk), "namespace": "apisix", "service": "httpbin"}
    return values | overrides


def test_the_walk_through(api, plane, registry):
    body = {
        "name": "httpbin",
        "hosts": ["sd.httpbin.org"],
        "upstream": {"members": [_discovered(registry, service_port="80-80")]},
    }
    created = api.post(URL, body)
    assert created.status_code == 201, created.json()
    application = created.json()
    assert application["control_plane"] == str(plane.pk)
    assert application["published"] is False
    assert application["upstream"]["members"][0]["kind"] == "discovery"
    base = f"{URL}{application['id']}/"
    paths = [{"path": "/anything", "type": "prefix"}]
    row = api.post(f"{base}apis/", {"name": "anything", "paths": paths}).json()
    assert (row["application"], row["published"]) == (application["id"], False)
    assert api.post(f"{base}apis/{row['id']}/publish/").json()["published"] is True
    assert api.post(f"{base}publish/").json()["published"] is True
    assert api.get(base).json()["published"] is True
    verbs = AuditEntry.objects.order_by("-id").values_list("verb", "actor_name")[:2]
    assert list(verbs) == [("published", "bo"), ("published", "bo")]


def test_publishing_twice_is_publishing_once(api, application):
    before = AuditEntry.objects.count()
    for verb, published in (("publish", True), ("unpublish", False)):
        for _ in range(2):
            answer = api.post(f"{URL}{application.pk}/{verb}/")
            assert (answer.status_code, answer.json()["published"]) == (200, published)
    assert AuditEntry.objects.count() == before + 2


def test_changes_come_with_their_upstream_or_not_at_all(api, application, registry):
    url = f"{URL}{application.pk}/"
    answer = api.patch(url, {"description": "x", "upstream": {"retries": 3}})
    assert answer.status_code == 200, answer.json()
    assert answer.json()["upstream"]["retries"] == 3
    assert len(answer.json()["upstream"]["members"]) == 1

    bad = {"name": "other", "hosts": ["-"], "upstream": {"members": [STATIC, {"kind": "static"}]}}
    refused = api.patch(url, bad)
    assert refused.status_code == 400
    assert refused.json()["upstream"] == {
        "members": [
            {},
            {"host": ["This field is required."], "port": ["This field is required."]},
        ]
    }
    assert "hosts" in refused.json()
    application.refresh_from_db()
    assert (application.name, application.description) == ("shop", "x")

    members = [STATIC, _discovered(registry, service_port="http", weight=10)]
    answer = api.patch(url, {"upstream": {"members": members}})
    shown = answer.json()["upstream"]["members"]
    assert [(one["kind"], one["weight"]) for one in shown] == [("static", 100), ("discovery", 10)]
    last = AuditEntry.objects.filter(object_type="upstream").first()
    assert last.after["members"] == ["10.0.0.1:80", "c1/apisix/httpbin:http"]


def test_two_applications_do_not_claim_the_same(api, application):
    hosts = [*application.hosts, "other.example.org"]
    body = {"name": "rival", "hosts": hosts, "upstream": {"members": [STATIC]}}
    refused = api.post(URL, body)
    assert refused.status_code == 400
    assert refused.json() == {
        "hosts": [
            f"The application “shop” has {application.hosts[0]} with the path prefix / already."
        ]
    }
    assert Application.objects.count() == 1
    other = api.post(URL, body | {"path_prefix": "/rival"})
    assert other.status_code == 201
    clash = api.patch(f"{URL}{other.json()['id']}/", {"path_prefix": "/"})
    assert (clash.status_code, list(clash.json())) == (400, ["hosts"])


def test_another_version_becomes_the_default(api, application):
    url = f"{URL}{application.pk}/"
    refused = api.patch(url, {"default_version": "v2"})
    assert refused.status_code == 400
    assert refused.json() == {"default_version": ["The application has no version “v2”."]}
    created = api.post(f"{url}upstreams/", {"version": "v2", "members": [STATIC]}).json()
    answer = api.patch(url, {"default_version": "v2"}).json()
    assert answer["upstream"]["id"] == created["id"]
    in_use = api.delete(f"{url}upstreams/{created['id']}/")
    assert in_use.status_code == 409
    assert in_use.json() == {"detail": "This is the application's default version."}


def test_the_default_version_may_be_renamed(api, application):
    url = f"{URL}{application.pk}/"
    upstream = Upstream.objects.get()
    api.patch(f"{url}upstreams/{upstream.pk}/", {"version": "blue"})
    answer = api.get(url).json()
    assert (answer["default_version"], answer["upstream"]["version"]) == ("blue", "blue")


def test_an_application_with_apis_is_not_deleted(api, application):
    row = factories.make_api(application=application)
    answer = api.delete(f"{URL}{application.pk}/")
    assert answer.status_code == 409
    assert "1" in answer.json()["detail"]
    api.delete(f"{URL}{application.pk}/apis/{row.pk}/")
    assert api.delete(f"{URL}{application.pk}/").status_code == 204


def test_a_port_that_the_service_lacks_is_named(api, application, registry, store):
    service = wire.Service(
        namespace="apisix",
        name="httpbin",
        subsets=(wire.Subset(ports=(wire.Port(name="http", port=80),)),),
    )
    writer = FeedWriter(redis.store(), keys.feed(keys.registry(str(registry.pk))), epoch=1)
    writer.open()
    writer.commit({keys.service("apisix", "httpbin"): wire.encode(service)})
    members = [STATIC, _discovered(registry, service_port="https")]
    answer = api.patch(f"{URL}{application.pk}/", {"upstream": {"members": members}})
    assert answer.status_code == 400
    message = "The service has no port “https”; it offers http."
    assert answer.json() == {"upstream": {"members": [{}, {"service_port": [message]}]}}


def test_a_registry_of_another_control_plane_is_refused(api, application, bo):
    stranger = factories.make_registry()
    factories.make_member_of(stranger.control_plane, bo)
    answer = api.patch(
        f"{URL}{application.pk}/", {"upstream": {"members": [_discovered(stranger)]}}
    )
    assert answer.status_code == 400
    message = "This registry belongs to another control plane."
    assert answer.json() == {"upstream": {"members": [{"registry": [message]}]}}


def test_what_belongs_to_another_application_is_not_found(api, application, plane):
    other = factories.make_application(control_plane=plane)
    row = factories.make_api(application=other)
    upstream = other.upstreams.get()
    base = f"{URL}{application.pk}/"
    for path in (f"apis/{row.pk}/", f"upstreams/{upstream.pk}/", f"upstreams/{upstream.pk}/nodes/"):
        assert api.get(base + path).status_code == 404
    assert api.post(f"{base}apis/{row.pk}/publish/").status_code == 404


def test_a_registry_of_others_is_not_there(api, application):
    stranger = factories.make_registry()
    answer = api.patch(
        f"{URL}{application.pk}/", {"upstream": {"members": [_discovered(stranger)]}}
    )
    assert answer.status_code == 400
    assert "object does not exist" in str(answer.json())


def test_the_control_plane_stays(api, application, bo):
    other = factories.make_control_plane()
    factories.make_member_of(other, bo)
    answer = api.patch(f"{URL}{application.pk}/", {"control_plane": str(other.pk)})
    assert answer.status_code == 400
    assert answer.json() == {"control_plane": ["The control plane cannot be changed."]}


def test_the_control_plane_is_chosen_where_there_are_several(api, application, bo):
    factories.make_member_of(factories.make_control_plane(), bo)
    answer = api.post(URL, {"name": "x", "hosts": ["x.org"], "upstream": {"members": [STATIC]}})
    assert answer.status_code == 400
    assert answer.json() == {"control_plane": ["This field is required."]}


def test_shows_the_nodes_that_gateways_are_told(api, application, store):
    upstream = Upstream.objects.get()
    url = f"{URL}{application.pk}/upstreams/{upstream.pk}/nodes/"
    nothing = {"compiled": False, "nodes": [], "digest": "", "observed_at": None}
    ready = {"kept_since": None, "kept_until": None, "warning": ""}
    assert api.get(url).json() == nothing | ready
    compiled = wire.Upstream(
        id=str(upstream.pk),
        name="shop/default",
        nodes=(wire.Node(host="10.0.0.1", port=80),),
        digest="abc",
        observed_at=1_700_000_000_000,
    )
    owner = keys.control_plane(str(application.control_plane_id))
    writer = FeedWriter(store, keys.feed(owner), epoch=1)
    writer.open()
    writer.commit({keys.upstream(str(upstream.pk)): wire.encode(compiled)})
    assert api.get(url).json() == {
        "compiled": True,
        "nodes": [{"host": "10.0.0.1", "port": 80, "weight": 100, "priority": 0, "zone": ""}],
        "digest": "abc",
        "observed_at": "2023-11-14T22:13:20Z",
        **ready,
    }
    kept = msgspec.structs.replace(
        compiled, kept_since=1_700_000_000_000, kept_until=1_700_000_030_000
    )
    writer.commit({keys.upstream(str(upstream.pk)): wire.encode(kept)})
    shown = api.get(url).json()
    assert shown["nodes"] == [
        {"host": "10.0.0.1", "port": 80, "weight": 100, "priority": 0, "zone": ""}
    ]
    assert shown["kept_since"] == "2023-11-14T22:13:20Z"
    assert shown["kept_until"] == "2023-11-14T22:13:50Z"
    assert shown["warning"].startswith("No endpoint is ready since 2023-11-14 22:13:20 UTC;")


def test_an_upstream_says_what_it_does_without_nodes(api, application):
    url = f"{URL}{application.pk}/"
    upstream = api.get(url).json()["upstream"]
    assert (upstream["on_empty"], upstream["keep_for"]) == ("fail", 30)
    answer = api.patch(url, {"upstream": {"on_empty": "keep", "keep_for": 120}}).json()["upstream"]
    assert (answer["on_empty"], answer["keep_for"]) == ("keep", 120)
    last = AuditEntry.objects.filter(object_type="upstream").first()
    assert last.before == {"keep_for": 30, "on_empty": "fail"}
    assert last.after == {"keep_for": 120, "on_empty": "keep"}


def test_finds_apis_in_one_list(api, application):
    for number in range(3):
        factories.make_api(application=application, name=f"a{number}", published=number == 1)
    another = factories.make_application(control_plane=application.control_plane)
    factories.make_api(name="another", application=another)
    url = "/api/v1/apis/"
    assert api.get(url).json()["count"] == 4
    mine = {"application": str(application.pk)}
    assert api.get(url, mine).json()["count"] == 3
    found = api.get(url, mine | {"published": "true"}).json()["results"]
    assert [one["name"] for one in found] == ["a1"]
    assert api.post(url, {"name": "x"}).status_code == 405
