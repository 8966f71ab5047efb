"""Why no node? Each cause is a sentence of its own, with what mends it."""

from __future__ import annotations

import time
from typing import Any

import pytest

from applications import explain
from applications.explain import Explanation, Level
from applications.models import Member
from console import redis
from console.contract import keys, wire
from console.feed import FeedWriter
from console.models import ControlPlane
from console.redis import Client
from registries import health
from registries.models import Registry
from tests import factories

NOW = int(time.time() * 1000)
HTTP = wire.Port(port=8080, name="http")
METRICS = wire.Port(port=9090, name="metrics")
DNS = wire.Port(port=53, name="dns", protocol="UDP")


@pytest.fixture
def registry(db: None, store: Client) -> Registry:
    return factories.make_registry(name="cluster-a")


def service(
    *endpoints: wire.Endpoint,
    ports: tuple[wire.Port, ...] = (HTTP,),
    name: str = "shop/web",
    draining: bool = False,
) -> wire.Service:
    namespace, _, short = name.partition("/")
    subsets = (wire.Subset(ports=ports, endpoints=endpoints),) if endpoints else ()
    return wire.Service(
        namespace=namespace, name=short, subsets=subsets, serve_terminating=draining
    )


def ready(number: int = 1) -> wire.Endpoint:
    return wire.Endpoint(address=f"10.0.0.{number}", pod=f"web-{number}")


def unready(number: int) -> wire.Endpoint:
    return wire.Endpoint(
        address=f"10.0.0.{number}", pod=f"web-{number}", ready=False, serving=False
    )


def leaving(number: int) -> wire.Endpoint:
    return wire.Endpoint(
        address=f"10.0.0.{number}", pod=f"web-{number}", ready=False, terminating=True
    )


def publish(registry: Registry, *services: wire.Service, **status: Any) -> None:
    """What the registry's watcher would write."""
    feed = FeedWriter(redis.store(), keys.feed(keys.registry(str(registry.pk))), epoch=1)
    feed.open()
    feed.commit(
        {keys.service(one.namespace, one.name): wire.encode(one) for one in services}, always=True
    )
    said = {"phase": "connected", "since": NOW, "said_at": NOW} | status
    health.write(redis.store(), str(registry.pk), health.Status(**said))


def member(registry: Registry | None, **changes: Any) -> Member:
    values = {"namespace": "shop", "service": "web", "service_port": "http"} | changes
    return factories.make_member(registry, **values)


def told(registry: Registry | None, **changes: Any) -> Explanation:
    [found] = explain.explain([member(registry, **changes)])
    return found


def codes(found: Explanation) -> list[str]:
    return [one.code for one in found.sentences]


def one(found: Explanation, code: str) -> explain.Sentence:
    [sentence] = [one for one in found.sentences if one.code == code]
    return sentence


def test_of_ready_nodes_there_is_nothing_to_say(registry: Registry) -> None:
    publish(registry, service(ready(1), ready(2)))
    found = told(registry)
    assert [node.host for node in found.nodes] == ["10.0.0.1", "10.0.0.2"]
    assert (codes(found), found.reason) == ([], "")


def test_a_disabled_registry(registry: Registry) -> None:
    publish(registry, service(ready()))
    registry.enabled = False
    found = told(registry)
    assert one(found, "registry_disabled").level is Level.WARNING
    assert str(registry.pk) in one(found, "registry_disabled").url
    publish(registry)
    assert one(told(registry, service="other"), "registry_disabled").level is Level.PROBLEM


def test_a_failing_registry_says_since_when_and_why(registry: Registry) -> None:
    publish(registry, service(ready()), phase="failing", text="<b>403</b>", reason="forbidden")
    sentence = one(told(registry), "registry_failing")
    assert sentence.level is Level.WARNING
    assert "since" in sentence.text
    assert "<b>403</b>" in sentence.text  # escaped where it is shown
    assert sentence.values["reason"] == "forbidden"
    assert "stay as they were" in sentence.text
    without = told(registry, service="other")
    assert one(without, "registry_failing").level is Level.PROBLEM
    assert "service_absent" not in codes(without)  # who cannot read does not know


def test_a_registry_that_was_not_read(registry: Registry) -> None:
    found = told(registry)
    assert codes(found) == ["registry_unread"]
    assert found.reason == "The registry “cluster-a” has not been read yet."
    publish(registry, service(ready()), phase="connecting")
    again = told(registry)
    assert one(again, "registry_unread").level is Level.NOTE
    assert again.reason == ""


def test_a_namespace_that_is_not_listed(registry: Registry) -> None:
    publish(registry, service(ready(), name="other/web"))
    registry.namespaces = ["other", "third"]
    sentence = one(told(registry), "namespace_not_listed")
    assert "reads the namespaces other, third only; “shop” is not among them" in sentence.text
    assert sentence.level is Level.PROBLEM


@pytest.mark.parametrize(
    ("operator", "patterns", "excluded"),
    [
        ("equal", ["other"], True),
        ("equal", ["shop"], False),
        ("not_equal", ["shop"], True),
        ("match", ["team-.*"], True),
        ("match", ["sh.*"], False),
        ("not_match", ["sh.*"], True),
    ],
)
def test_a_namespace_that_the_selector_leaves_out(
    operator: str, patterns: list[str], excluded: bool, registry: Registry
) -> None:
    publish(registry, service(ready(), name="other/web"))
    registry.namespace_operator, registry.namespace_patterns = operator, patterns
    found = told(registry)
    assert ("namespace_excluded" in codes(found)) is excluded
    if excluded:
        sentence = one(found, "namespace_excluded")
        assert patterns[0] in sentence.text
        assert sentence.values["operator"] == operator


def test_labels_may_leave_a_service_out(registry: Registry) -> None:
    publish(registry, service(ready(), name="shop/other"))
    registry.label_selector = "team=shop"
    sentence = one(told(registry), "labels_may_exclude")
    assert "“team=shop”" in sentence.text
    assert "kubernetes.io/service-name=web" in sentence.command
    publish(registry, service(ready()))
    assert codes(told(registry)) == []


def test_an_unknown_namespace_offers_names_that_are_like_it(registry: Registry) -> None:
    publish(registry, service(ready(), name="shop-prod/web"), service(ready(), name="x/api"))
    found = told(registry)
    sentence = one(found, "namespace_unknown")
    assert sentence.fix == "Did you mean shop-prod?"
    assert sentence.command == "kubectl get namespace shop"
    assert one(found, "service_elsewhere").values["namespaces"] == ["shop-prod"]


def test_an_absent_service_offers_names_that_are_like_it(registry: Registry) -> None:
    publish(
        registry,
        service(ready(), name="shop/wep"),
        service(ready(), name="shop/unlike"),
        service(ready(), name="test/web"),
    )
    found = told(registry)
    assert codes(found) == ["service_absent", "service_elsewhere"]
    assert found.reason == "No service shop/web with endpoints is known."
    assert one(found, "service_absent").fix == "Did you mean wep?"
    assert one(found, "service_absent").command == "kubectl -n shop get service web"
    assert "A service “web” is in test." in one(found, "service_elsewhere").text


def test_a_registry_without_any_service(registry: Registry) -> None:
    publish(registry)
    assert "registry_empty" in codes(told(registry))


def test_a_service_without_endpoints(registry: Registry) -> None:
    publish(registry, service())
    found = told(registry)
    assert codes(found) == ["no_endpoints"]
    assert "scaled to zero" in found.sentences[0].fix
    assert found.sentences[0].command == "kubectl -n shop describe service web"


def test_a_port_that_is_not_offered(registry: Registry) -> None:
    publish(registry, service(ready(), ports=(HTTP, METRICS)))
    sentence = one(told(registry, service_port="https"), "port_unknown")
    assert "no port “https”; it offers http, metrics" in sentence.text
    assert sentence.fix == "Did you mean http?"
    assert sentence.values["offered"] == ["http", "metrics"]


def test_several_ports_and_none_chosen(registry: Registry) -> None:
    publish(registry, service(ready(), ports=(HTTP, METRICS)))
    assert (
        "choose one of http, metrics"
        in one(told(registry, service_port=""), "port_not_chosen").text
    )


@pytest.mark.parametrize("port", ["dns", ""])
def test_a_port_that_is_not_tcp(port: str, registry: Registry) -> None:
    publish(registry, service(ready(), ports=(DNS,)))
    assert "not TCP" in one(told(registry, service_port=port), "port_not_tcp").text


def test_a_port_that_only_some_pods_offer(registry: Registry) -> None:
    old = wire.Subset(ports=(METRICS,), endpoints=(ready(2), ready(3)))
    new = wire.Subset(ports=(HTTP,), endpoints=(ready(1),))
    publish(registry, wire.Service(namespace="shop", name="web", subsets=(old, new)))
    found = told(registry)
    assert len(found.nodes) == 1
    assert "2 of 3 endpoints do not offer the port" in one(found, "port_on_some").text


def test_some_endpoints_are_not_ready(registry: Registry) -> None:
    publish(registry, service(ready(1), unready(2), *(unready(n) for n in range(3, 6))))
    sentence = one(told(registry), "not_ready")
    assert sentence.text == "4 of 5 endpoints are not ready: web-2, web-3, web-4, …."
    assert sentence.command == "kubectl -n shop describe pod web-2"
    assert sentence.level is Level.WARNING
    assert told(registry).reason == ""


def test_no_endpoint_is_ready(registry: Registry) -> None:
    publish(registry, service(unready(1), leaving(2)))
    found = told(registry)
    assert codes(found) == ["none_ready"]
    assert found.reason == "None of its 2 endpoints is ready."


def test_terminating_endpoints(registry: Registry) -> None:
    publish(registry, service(ready(1), leaving(2)))
    sentence = one(told(registry), "terminating")
    assert (sentence.level, sentence.values["pods"]) == (Level.NOTE, ["web-2"])


def test_terminating_endpoints_that_are_used(registry: Registry) -> None:
    publish(registry, service(leaving(2), draining=True))
    found = told(registry)
    assert len(found.nodes) == 1
    assert one(found, "draining").level is Level.WARNING


def test_addresses_that_are_left_out(registry: Registry) -> None:
    refused = {"a loopback address": 2}
    publish(registry, service(), refused=refused)
    sentence = one(told(registry), "addresses_refused")
    assert "leaves 2 endpoints out" in sentence.text
    assert "2 × a loopback address" in sentence.text
    assert sentence.level is Level.WARNING
    publish(registry, service(ready()), refused=refused)
    assert one(told(registry), "addresses_refused").level is Level.NOTE


def test_a_service_that_the_cluster_cuts_off(registry: Registry) -> None:
    many = [wire.Endpoint(address=f"10.1.{n // 250}.{n % 250}") for n in range(1_000)]
    publish(registry, service(*many), truncated=1)
    assert "first 1,000 addresses" in one(told(registry), "truncated").text
    publish(registry, service(ready()), truncated=1)  # another service's
    assert codes(told(registry)) == []


def test_a_weight_of_zero(registry: Registry) -> None:
    publish(registry, service(ready()))
    assert codes(told(registry, weight=0)) == ["weight_zero"]
    static = Member(kind="static", host="10.0.0.9", port=80, weight=0)
    assert codes(explain.explain([static])[0]) == ["weight_zero", "static_target"]


def test_a_static_target_is_always_a_node() -> None:
    [found] = explain.explain([Member(kind="static", host="10.0.0.9", port=80)])
    assert [node.host for node in found.nodes] == ["10.0.0.9"]
    assert one(found, "static_target").level is Level.NOTE
    assert found.reason == ""
    assert not found.incomplete


def test_what_is_still_to_be_chosen_is_no_fault(registry: Registry) -> None:
    publish(registry)
    bare = explain.explain([Member(kind="discovery")])[0]
    for found, code in (
        (bare, "registry_not_chosen"),
        (told(registry, service=""), "service_not_chosen"),
        (explain.explain([Member(kind="static")])[0], "target_not_chosen"),
    ):
        assert codes(found) == [code]
        assert found.incomplete
        assert found.sentences[0].level is Level.NOTE


def test_without_redis_nothing_is_known(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(registry, service(ready()))
    monkeypatch.setattr(redis, "_store", redis.connect("redis://127.0.0.1:1/0"))
    found = told(registry)
    assert (found.known, codes(found), found.reason) == (False, ["unknown"], "")


def test_the_worst_comes_first(registry: Registry) -> None:
    publish(registry, service(), refused={"a loopback address": 1})
    registry.namespaces = ["other"]
    levels = [one.level for one in told(registry, weight=0).sentences]
    assert levels == sorted(levels)
    assert len(levels) == 4


def test_names_in_commands_are_quoted(registry: Registry) -> None:
    publish(registry, service(ready(), name="shop/other"))
    assert one(told(registry, service="$(reboot)"), "service_absent").command.endswith(
        "'$(reboot)'"
    )


def test_any_number_of_members_costs_three_looks_and_no_query(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    other = factories.make_registry(control_plane=registry.control_plane)
    for row in (registry, other):
        publish(row, service(ready()))
    rows = [member(row, service=f"web-{n}") for n in range(20) for row in (registry, other)]
    looks = _count_looks(monkeypatch)
    with django_assert_num_queries(0):
        explain.explain(rows)
    assert len(looks) == 3


def _count_looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each command or pipeline that goes to Redis from now on."""
    looks: list[str] = []
    client = redis.store()

    class Counted:
        def __getattr__(self, name: str) -> Any:
            looks.append(name)
            return getattr(client, name)

    monkeypatch.setattr(redis, "_store", Counted())
    return looks


# Upstreams: members together, what is published, what was compiled.


def compile_as(plane: ControlPlane, upstream_id: str, *hosts: str, **fields: Any) -> None:
    """What the compiler would write."""
    nodes = tuple(wire.Node(host=host, port=8080) for host in hosts)
    state = wire.Upstream(id=upstream_id, name="x", nodes=nodes, **fields)
    writer = FeedWriter(redis.store(), keys.feed(keys.control_plane(str(plane.pk))), epoch=1)
    writer.open()
    writer.commit({keys.upstream(upstream_id): wire.encode(state)}, always=True)


def application_of(registry: Registry, *members: Member, api: bool = True, **fields: Any) -> Any:
    application = factories.make_application(
        registry=registry, name="shop", members=list(members) or [member(registry)], **fields
    )
    if api:
        factories.make_api(application=application, name="all")
    return application.upstreams.get()


def together(upstream: Any) -> list[str]:
    return [one.code for one in explain.of_upstream(upstream).sentences]


def test_an_upstream_that_is_as_it_should_be(registry: Registry) -> None:
    publish(registry, service(ready()))
    upstream = application_of(registry)
    compile_as(registry.control_plane, str(upstream.pk), "10.0.0.1")
    found = explain.of_upstream(upstream)
    assert (found.all_sentences, found.known) == ((), True)
    assert found.compiled is not None


def test_a_draft(registry: Registry) -> None:
    publish(registry, service(ready()))
    assert together(application_of(registry, published=False)) == ["application_draft"]


def test_no_api_and_none_published(registry: Registry) -> None:
    publish(registry, service(ready()))
    upstream = application_of(registry, api=False)
    assert together(upstream) == ["no_api"]
    factories.make_api(application=upstream.application, published=False)
    assert together(upstream) == ["no_published_api"]


def test_published_and_not_compiled(registry: Registry) -> None:
    publish(registry, service(ready()))
    assert together(application_of(registry)) == ["not_compiled"]


def test_a_version_that_is_not_the_default(registry: Registry) -> None:
    publish(registry, service(ready()))
    upstream = application_of(registry)
    upstream.application.default_version = "other"
    assert together(upstream) == ["not_default"]


def test_what_was_compiled_differs_from_what_clusters_say(registry: Registry) -> None:
    publish(registry, service(ready(1), ready(2)))
    upstream = application_of(registry)
    compile_as(registry.control_plane, str(upstream.pk), "10.0.0.2", "10.0.0.3")
    [sentence] = explain.of_upstream(upstream).sentences
    assert sentence.code == "compiled_differs"
    assert sentence.values == {
        "clusters": 2,
        "compiled": 2,
        "more": ["10.0.0.3:8080"],
        "fewer": ["10.0.0.1:8080"],
    }
    assert "Still told: 10.0.0.3:8080." in sentence.text
    assert "Not told yet: 10.0.0.1:8080." in sentence.text


def test_nodes_that_are_kept(registry: Registry) -> None:
    publish(registry, service(unready(1)))
    upstream = application_of(registry)
    compile_as(
        registry.control_plane,
        str(upstream.pk),
        "10.0.0.1",
        kept_since=NOW,
        kept_until=NOW + 60_000,
    )
    [sentence] = explain.of_upstream(upstream).sentences
    assert sentence.code == "nodes_kept"
    assert sentence.values["until"] == NOW + 60_000


def test_weights_and_priorities_of_members_together(registry: Registry) -> None:
    publish(registry, service(ready()))
    upstream = application_of(
        registry,
        member(registry, weight=0, priority=1),
        Member(kind="static", host="10.0.0.9", port=80),
    )
    compile_as(registry.control_plane, str(upstream.pk))
    said = together(upstream)
    assert said[0] == "all_weightless"
    assert "standing_by" in said


def test_the_same_node_of_several_members(registry: Registry) -> None:
    publish(registry, service(ready()))
    upstream = application_of(registry, member(registry), member(registry, weight=5))
    compile_as(registry.control_plane, str(upstream.pk), "10.0.0.1")
    [sentence] = explain.of_upstream(upstream).sentences
    assert (sentence.code, sentence.values) == ("doubles", {"nodes": ["10.0.0.1:8080"]})


def test_without_redis_an_upstream_is_unknown_and_not_empty(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream = application_of(registry)
    monkeypatch.setattr(redis, "_store", redis.connect("redis://127.0.0.1:1/0"))
    found = explain.of_upstream(upstream)
    assert (found.known, found.sentences) == (False, ())
    assert [one.code for one in found.all_sentences] == ["unknown"]


def test_versions_of_an_application_cost_a_constant_number_of_queries(
    registry: Registry, django_assert_num_queries: Any
) -> None:
    upstream = application_of(registry, member(registry), member(registry, service="b"))
    application = upstream.application
    rows = list(application.upstreams.prefetch_related("members__registry"))
    with django_assert_num_queries(1):
        explain.of_upstreams(application, rows)
