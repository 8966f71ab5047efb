from __future__ import annotations

import gzip
import json
import time

import pytest

from tests.practice.conftest import SHOP_SLICES, SLICES, Api


def names(answer):
    return [item["metadata"]["name"] for item in answer.json["items"]]


def test_a_list_says_its_kind_and_its_items_do_not(shop, api):
    answer = api.get(SLICES)
    assert answer.json["kind"] == "EndpointSliceList"
    assert answer.json["apiVersion"] == "discovery.k8s.io/v1"
    assert int(answer.json["metadata"]["resourceVersion"]) > 0
    assert names(answer) == [f"s{i}-1" for i in range(5)]
    assert "kind" not in answer.json["items"][0]


def test_a_list_of_a_missing_namespace_is_empty(api):
    answer = api.get("/api/v1/namespaces/nowhere/services")
    assert answer.status == 200
    assert answer.json["items"] == []


def test_pages_are_one_snapshot(shop, api):
    first = api.get(f"{SLICES}?limit=2")
    assert first.json["metadata"]["remainingItemCount"] == 3
    shop.delete("endpointslices", "shop", "s4-1")
    shop.put_service("shop", "s33")
    shop.patch("endpointslices", "shop", "s3-1", {"metadata": {"labels": {"late": "yes"}}})
    rest, token = [], first.json["metadata"]["continue"]
    while token:
        page = api.get(f"{SLICES}?limit=2&continue={token}")
        assert page.json["metadata"]["resourceVersion"] == first.json["metadata"]["resourceVersion"]
        rest += page.json["items"]
        token = page.json["metadata"].get("continue")
    assert [item["metadata"]["name"] for item in rest] == ["s2-1", "s3-1", "s4-1"]
    assert "late" not in rest[1]["metadata"]["labels"]


def test_an_expired_token_is_410_with_a_token_to_go_on(shop, api):
    token = api.get(f"{SLICES}?limit=2").json["metadata"]["continue"]
    shop.fault("expire-tokens")
    shop.put_service("shop", "s9")
    gone = api.get(f"{SLICES}?limit=2&continue={token}")
    assert (gone.status, gone.json["reason"]) == (410, "Expired")
    again = gone.json["metadata"]["continue"]
    rest = api.get(f"{SLICES}?continue={again}")
    assert names(rest) == ["s2-1", "s3-1", "s4-1", "s9-1"]


@pytest.mark.parametrize("token", ["garbage", "e30", "!!!!"])
def test_a_garbage_token_is_400(shop, api, token):
    answer = api.get(f"{SLICES}?limit=2&continue={token}")
    assert (answer.status, answer.json["reason"]) == (400, "BadRequest")


def test_a_list_at_zero_is_not_paged(shop, api):
    answer = api.get(f"{SLICES}?limit=2&resourceVersion=0")
    assert len(answer.json["items"]) == 5
    assert "continue" not in answer.json["metadata"]


def test_remaining_is_not_told_with_a_selector(shop, api):
    answer = api.get(f"{SLICES}?limit=2&labelSelector=kubernetes.io/service-name")
    assert "continue" in answer.json["metadata"]
    assert "remainingItemCount" not in answer.json["metadata"]


def test_an_exact_version_shows_the_past(shop, api):
    version = shop.version
    shop.delete("endpointslices", "shop", "s0-1")
    past = api.get(f"{SLICES}?resourceVersion={version}&resourceVersionMatch=Exact")
    assert len(past.json["items"]) == 5
    assert past.json["metadata"]["resourceVersion"] == version
    assert len(api.get(f"{SLICES}?resourceVersion={version}").json["items"]) == 4


def test_a_compacted_exact_version_is_410(shop, api):
    version = shop.version
    shop.fault("compact")
    answer = api.get(f"{SLICES}?resourceVersion={version}&resourceVersionMatch=Exact")
    assert (answer.status, answer.json["reason"]) == (410, "Expired")


def test_a_future_version_is_504_after_three_seconds(shop, api):
    began = time.monotonic()
    query = "resourceVersion=99999&resourceVersionMatch=NotOlderThan"
    answer = api.get(f"{SLICES}?{query}")
    assert 2 < time.monotonic() - began < 15
    assert (answer.status, answer.json["reason"]) == (504, "Timeout")
    assert answer.json["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge"
    assert answer.json["details"]["retryAfterSeconds"] == 1
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("resourceVersion=abc", 400),
        ("resourceVersionMatch=Exact", 422),
        ("resourceVersion=0&resourceVersionMatch=Exact", 422),
        ("resourceVersion=1&resourceVersionMatch=Older", 422),
        ("sendInitialEvents=true", 422),
        ("limit=x", 400),
        ("labelSelector=a==b==c", 400),
        ("fieldSelector=spec.x=1", 400),
    ],
)
def test_nonsense_is_refused(shop, api, query, code):
    answer = api.get(f"{SLICES}?{query}")
    assert (answer.status, answer.json["kind"]) == (code, "Status")


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("app=a", ["a"]),
        ("app==a,tier=web", ["a"]),
        ("app!=a", ["b", "c"]),
        ("app in (a,b)", ["a", "b"]),
        ("app notin (a, b)", ["c"]),
        ("tier", ["a", "b"]),
        ("!tier", ["c"]),
        ("rank>1", ["b"]),
    ],
)
def test_label_selectors(cluster, api, selector, found):
    cluster.put_service("shop", "a", labels={"app": "a", "tier": "web"})
    cluster.put_service("shop", "b", labels={"app": "b", "tier": "db", "rank": "2"})
    cluster.put_service("shop", "c")
    query = selector.replace(" ", "%20").replace("!", "%21").replace(">", "%3E")
    path = f"/api/v1/namespaces/shop/services?labelSelector={query}"
    assert names(api.get(path)) == found


def test_field_selectors(shop, api):
    assert names(api.get(f"{SLICES}?fieldSelector=metadata.name=s1-1")) == ["s1-1"]
    assert names(api.get(f"{SLICES}?fieldSelector=metadata.namespace%21=shop")) == []


def test_the_order_is_that_of_the_keys(cluster, api):
    for namespace in ("a", "a-b"):
        cluster.put_service(namespace, "x")
    found = [item["metadata"]["namespace"] for item in api.get(SLICES).json["items"]]
    assert found == ["a-b", "a"]


def test_a_large_list_is_compressed_if_wanted(cluster, api):
    for i in range(40):
        cluster.put_service("shop", f"s{i}", addresses=[f"10.0.{i}.{k}" for k in range(100)])
    answer = api.get(SHOP_SLICES, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(answer.raw))["items"]) == 40
    assert api.get(SHOP_SLICES).headers["Content-Encoding"] is None


def test_endpoints_come_with_a_deprecation_warning(cluster):
    assert "deprecated" in Api(cluster, cluster.token).get("/api/v1/endpoints").headers["Warning"]


def test_a_table_is_made_by_the_server(shop, api):
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
    table = api.get(SHOP_SLICES, headers={"Accept": accept}).json
    assert table["kind"] == "Table"
    assert [c["name"] for c in table["columnDefinitions"]][:3] == ["Name", "AddressType", "Ports"]
    assert table["rows"][0]["cells"][:4] == ["s0-1", "IPv4", "8080", "10.0.0.1"]
