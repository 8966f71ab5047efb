"""Why an upstream has its nodes: its members together, what is published, what was compiled."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from applications import explain
from applications.models import Member
from console import redis
from console.redis import Client
from registries.models import Registry
from tests import factories
from tests.applications.explaining import (
    NOW,
    application_of,
    compile_as,
    member,
    publish,
    ready,
    service,
    unready,
)


@pytest.fixture
def registry(db: None, store: Client) -> Registry:
    return factories.make_registry(name="cluster-a")


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
    [sentence] = explain.of_upstream(upstream).sentences
    assert sentence.code == "not_default"
    page = reverse("applications:application-detail", args=[upstream.application_id])
    assert (sentence.url, sentence.action) == (page, "Open the application")


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
