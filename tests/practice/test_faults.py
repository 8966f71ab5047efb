from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request

import pytest

from tests.practice.conftest import SLICES, Api


def test_an_answer_can_be_replaced_a_number_of_times(shop, api):
    shop.fault("status", verb="list", resource="endpointslices", code=429, retry_after=7, count=2)
    for _ in range(2):
        answer = api.get(SLICES)
        assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
        assert answer.json["reason"] == "TooManyRequests"
    assert api.get(SLICES).status == 200


def test_a_fault_can_wait_for_a_page(shop, api):
    shop.fault("status", verb="list", page=2, code=410)
    first = api.get(f"{SLICES}?limit=2")
    assert first.status == 200
    token = first.json["metadata"]["continue"]
    assert api.get(f"{SLICES}?limit=2&continue={token}").status == 410


def test_html_can_come_with_200(shop, api):
    number = shop.fault("html", verb="list")["id"]
    answer = api.get(SLICES)
    assert (answer.status, answer.headers.get_content_type()) == (200, "text/html")
    shop.clear_faults(number)
    assert api.get(SLICES).json["kind"] == "EndpointSliceList"


@pytest.mark.parametrize("how", ["rst", "fin"])
def test_a_list_can_be_cut_in_the_middle(shop, api, how):
    shop.fault("cut", verb="list", at=100, how=how, count=1)
    with pytest.raises((http.client.IncompleteRead, OSError)):
        api.get(SLICES)
    assert api.get(SLICES).status == 200


def test_a_list_can_end_early_and_look_whole(shop, api):
    shop.fault("truncate-list", verb="list", count=1)
    with pytest.raises(json.JSONDecodeError):
        assert api.get(SLICES).json


@pytest.mark.parametrize("how", ["rst", "fin"])
def test_a_watch_can_be_cut_at_a_byte(shop, api, how):
    shop.fault("cut", verb="watch", at=300, how=how)
    response = api.open("GET", f"{SLICES}?watch=1")
    with pytest.raises((http.client.IncompleteRead, OSError)):
        response.read()


def test_open_watches_can_be_dropped_or_ended(shop, api):
    response = api.open("GET", f"{SLICES}?watch=1&resourceVersion=0")
    assert shop.fault("drop-watches", how="rst") == {"dropped": 1}
    with pytest.raises((http.client.IncompleteRead, OSError)):
        response.read()
    stream = api.watch(f"{SLICES}?watch=1&resourceVersion=0")
    next(stream)
    shop.fault("drop-watches", how="clean")
    assert len(list(stream)) == 4


def test_an_open_watch_can_fall_silent(shop, api):
    response = api.open("GET", f"{SLICES}?watch=1&timeoutSeconds=1", timeout=1.5)
    for _ in range(5):
        response.readline()
    assert shop.fault("half-open") == {"silenced": 1}
    shop.put_service("shop", "new")
    with pytest.raises(TimeoutError):
        response.readline()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_new_watch_can_hang(shop, api, when):
    shop.fault("hang", verb="watch", when=when)
    if when == "before":
        with pytest.raises(TimeoutError):
            api.open("GET", f"{SLICES}?watch=1", timeout=2)
    else:
        response = api.open("GET", f"{SLICES}?watch=1", timeout=2)
        with pytest.raises(TimeoutError):
            response.readline()


def test_answers_can_be_slow(shop, api):
    shop.fault("slow", verb="list", delay=0.3, count=1)
    began = time.monotonic()
    assert api.get(SLICES).status == 200
    assert time.monotonic() - began > 0.3
    shop.fault("slow", verb="list", rate=4000, count=1)
    began = time.monotonic()
    answer = api.get(SLICES)
    assert time.monotonic() - began > len(answer.raw) / 4000 * 0.8


def test_a_stream_can_carry_garbage(shop, api):
    shop.fault("garbage", verb="watch", text="}{", count=1)
    with pytest.raises(json.JSONDecodeError):
        list(api.watch(f"{SLICES}?watch=1&timeoutSeconds=1"))


def test_a_watch_can_begin_with_an_error_event(shop, api):
    shop.fault("error-event", verb="watch", code=410, reason="Gone", count=1)
    events = list(api.watch(f"{SLICES}?watch=1&timeoutSeconds=1"))
    assert [(e["type"], e["object"]["code"], e["object"]["reason"]) for e in events] == [
        ("ERROR", 410, "Gone")
    ]


def test_a_lagging_list_is_older_only_at_zero(shop, api):
    shop.fault("lag")
    shop.put_service("shop", "new")
    assert len(api.get(f"{SLICES}?resourceVersion=0").json["items"]) == 5
    assert len(api.get(SLICES).json["items"]) == 6


def test_versions_can_start_again(shop, api):
    old = int(shop.version)
    for i in range(30):
        shop.patch("endpointslices", "shop", "s0-1", {"metadata": {"labels": {"i": str(i)}}})
    shop.fault("reset-versions")
    assert int(shop.version) < old + 30
    assert len(api.get(SLICES).json["items"]) == 5


def test_a_saved_state_comes_back_with_its_versions(shop, api):
    old = shop.fault("save")["resourceVersion"]
    shop.delete("endpointslices", "shop", "s0-1")
    shop.put_service("shop", "late")
    ahead = shop.version
    stream = api.open("GET", f"{SLICES}?watch=1&resourceVersion={ahead}")
    time.sleep(0.1)
    assert int(shop.fault("restore")["resourceVersion"]) < int(ahead)
    with pytest.raises((http.client.IncompleteRead, OSError)):
        stream.read()
    listed = api.get(SLICES).json
    assert [item["metadata"]["name"] for item in listed["items"]] == [f"s{i}-1" for i in range(5)]
    assert old < int(listed["metadata"]["resourceVersion"]) < int(ahead)
    exact = api.get(f"{SLICES}?resourceVersion={old}&resourceVersionMatch=Exact")
    assert exact.json["items"] == listed["items"]
    (event,) = api.watch(f"{SLICES}?watch=1&resourceVersion={old}")
    assert event["object"]["code"] == 410
    future = api.get(f"{SLICES}?resourceVersion={ahead}&resourceVersionMatch=NotOlderThan")
    assert future.status == 504


def test_a_watch_that_stays_open_hears_nothing_until_its_version_has_passed(shop, api):
    shop.fault("save")
    for i in range(5):
        shop.put_service("shop", f"late{i}")
    stream = api.watch(f"{SLICES}?watch=1&resourceVersion={shop.version}&allowWatchBookmarks=1")
    wake = shop.patch("endpointslices", "shop", "s0-1", {"metadata": {"labels": {"n": "0"}}})
    assert next(stream)["type"] == "MODIFIED"
    shop.fault("restore", drop=False)
    again = wake
    while int(again["metadata"]["resourceVersion"]) <= int(wake["metadata"]["resourceVersion"]):
        label = {"n": again["metadata"]["resourceVersion"]}
        again = shop.patch("endpointslices", "shop", "s1-1", {"metadata": {"labels": label}})
    assert next(stream)["object"]["metadata"] == again["metadata"]


def test_nothing_comes_back_that_was_not_saved(shop):
    with pytest.raises(ValueError, match="nothing was saved"):
        shop.fault("restore")


def test_the_identity_can_change(shop, api):
    path = "/api/v1/namespaces/kube-system"
    before = api.get(path).json["metadata"]["uid"]
    assert shop.fault("swap-identity")["uid"] != before
    assert api.get(path).json["metadata"]["uid"] != before


def test_bookmarks_can_stop(shop, api):
    shop.fault("bookmarks", on=False)
    query = f"watch=1&resourceVersion={shop.version}&allowWatchBookmarks=true&timeoutSeconds=1"
    assert list(api.watch(f"{SLICES}?{query}")) == []


def test_a_token_can_be_revoked(shop):
    shop.fault("revoke")
    assert Api(shop, shop.token).get(SLICES).status == 401
    shop.clear_faults()
    assert Api(shop, shop.token).get(SLICES).status == 200


def test_an_unknown_fault_is_named(shop):
    with pytest.raises(ValueError, match="no such fault: 'flood'"):
        shop.fault("flood")
    with pytest.raises(ValueError, match="unexpected keyword"):
        shop.fault("cut", colour="red")


def test_requests_are_counted(shop, api):
    shop.forget_requests()
    api.get(f"{SLICES}?limit=3")
    list(api.watch(f"{SLICES}?watch=1&resourceVersion=1&timeoutSeconds=1"))
    assert [(r["verb"], r["params"].get("limit"), r["code"]) for r in shop.requests()] == [
        ("list", "3", 200),
        ("watch", None, 200),
    ]
    assert len(shop.requests("list", "endpointslices")) == 1


def test_the_side_port_is_behind_its_secret(shop):
    with shop.side() as side:

        def ask(method, path, body=None, secret=side.secret):
            request = urllib.request.Request(
                side.url + path, method=method, data=body and json.dumps(body).encode(),
                headers={"Authorization": f"Bearer {secret}"},
            )  # fmt: skip
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)

        with pytest.raises(urllib.error.HTTPError, match="401"):
            ask("GET", "/requests", secret="wrong")
        number = ask("POST", "/faults", {"kind": "status", "code": 503})["id"]
        assert [fault["id"] for fault in ask("GET", "/faults")["faults"]] == [number]
        assert ask("DELETE", "/faults") == {}
        assert ask("GET", "/faults")["faults"] == []
        with pytest.raises(urllib.error.HTTPError, match="400"):
            ask("POST", "/faults", {"kind": "flood"})
