"""Why no node? Each cause is a sentence of its own, with what mends it."""

from __future__ import annotations

from typing import Any

import pytest

from applications import explain
from applications.explain import Level
from applications.models import Member
from console import redis
from console.contract import wire
from console.redis import Client
from registries import wording
from registries.health import Status
from registries.models import Registry
from tests import factories
from tests.applications.explaining import (
    DNS,
    HTTP,
    METRICS,
    codes,
    leaving,
    member,
    one,
    publish,
    ready,
    service,
    told,
    unready,
)


@pytest.fixture
def registry(db: None, store: Client) -> Registry:
    return factories.make_registry(name="cluster-a")


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
    said = wording.of(Status(phase="failing", reason="forbidden"))
    assert (said.headline in sentence.text, sentence.fix) == (True, said.fix)
    assert sentence.command == said.command
    assert sentence.detail == "<b>403</b>"  # escaped where it is shown
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
