"""List and watch against a cluster that misbehaves: nothing that could not be read is removed, and
in the end everything is as it is there."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from practice.testing import PracticeCluster, service_with_slice
from registries.kube.reflector import Limits, Timing
from registries.kube.slices import ENDPOINT_SLICES, ENDPOINTS
from tests.registries.reflecting import TIMING, Running, reflecting
from tests.threads import eventually

WEB = "shop/web"


@pytest.fixture
def shop(cluster: PracticeCluster) -> PracticeCluster:
    cluster.put_service("shop", "web", ports=[8080], addresses=["10.0.0.1", "10.0.0.2"])
    return cluster


def put(cluster: PracticeCluster, *addresses: str) -> None:
    cluster.put_service("shop", "web", ports=[8080], addresses=addresses)


def synced(running: Running) -> None:
    eventually(lambda: running.of(WEB) == ["10.0.0.1", "10.0.0.2"])
    eventually(lambda: running.cluster.open_watches() == 1)
    running.cluster.forget_requests()


def follows(running: Running, address: str = "10.0.0.9") -> None:
    """It is still true to the cluster."""
    put(running.cluster, address)
    eventually(lambda: running.of(WEB) == [address], what=f"{running.of(WEB)} {running.status}")


def test_a_list_is_read_page_by_page(cluster: PracticeCluster) -> None:
    for number in range(7):
        cluster.put_service("shop", f"web-{number}", addresses=[f"10.0.1.{number}"])
    with reflecting(cluster, limits=Limits(page=2)) as running:
        eventually(lambda: len([n for n in running.seen.now if n.startswith("shop/")]) == 7)
        pages = cluster.requests("list", "endpointslices")
        assert [one["page"] for one in pages] == list(range(1, len(pages) + 1))
        assert len(pages) >= 4
        assert running.status.lists == 1


FAILURES = [
    {"kind": "status", "code": 410, "reason": "Expired"},
    {"kind": "status", "code": 429, "retry_after": 0},
    {"kind": "status", "code": 500},
    {"kind": "cut", "at": 60},
    {"kind": "truncate-list", "at": 60},
    {"kind": "html"},
]


@pytest.mark.parametrize("page", [1, 2, 3])
def test_a_page_that_fails_leaves_everything_as_it_was(cluster: PracticeCluster, page: int) -> None:
    for number in range(12):
        cluster.put_service("shop", f"web-{number:02}", addresses=[f"10.0.1.{number}"])
    with reflecting(cluster, limits=Limits(page=2), timing=replace(TIMING, soon=0.0)) as running:
        eventually(lambda: len(running.seen.now) >= 12)
        before = dict(running.seen.now)
        for number, fault in enumerate(FAILURES):
            eventually(lambda: cluster.open_watches() == 1)
            time.sleep(TIMING.healthy + 0.05)  # this watch has worked; the faults do not add up
            cluster.forget_requests()
            cluster.fault(verb="list", page=page, limit="2", count=1, **fault)
            cluster.fault("error-event", verb="watch", code=410, reason="Expired", count=1)
            cluster.delete_service("shop", f"web-{number:02}")
            del before[f"shop/web-{number:02}"]
            cluster.fault("drop-watches", how="clean")
            eventually(lambda: running.lists() > page, what=f"a list after {fault}")
            eventually(lambda: cluster.open_watches() == 1)
            assert running.seen.now == before
            seen = cluster.requests("list")
            assert [one["page"] for one in seen if one["fault"]] == [page]
        assert all(running.seen.fewest[name] == len(before[name]) for name in before)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "code": 410, "reason": "Expired"},
        {"kind": "status", "code": 410, "reason": "Gone"},
        {"kind": "error-event", "code": 410, "reason": "Expired"},
        {"kind": "error-event", "code": 410, "reason": "Gone"},
    ],
)
def test_an_expired_version_is_one_list_and_no_gap(shop: PracticeCluster, fault: dict) -> None:
    shop.put_service("shop", "other", addresses=["10.0.3.1"])
    with reflecting(shop) as running:
        synced(running)
        shop.fault(verb="watch", count=1, **fault)
        shop.fault("drop-watches", how="clean")
        eventually(lambda: running.lists() == 1)
        eventually(lambda: shop.open_watches() == 1)
        follows(running)
        assert running.lists() == 1
        assert running.seen.fewest[WEB] == 1
        assert running.seen.fewest["shop/other"] == 1
        assert running.seen.failures == []


def test_what_went_while_nobody_looked_is_gone_after_the_list(shop: PracticeCluster) -> None:
    shop.put_service("shop", "other", addresses=["10.0.3.1"])
    with reflecting(shop) as running:
        synced(running)
        fault = shop.fault("status", verb="*", resource="endpointslices", code=503)
        shop.fault("drop-watches", how="rst")
        shop.delete_service("shop", "other")
        shop.fault("compact")
        assert running.of("shop/other") == ["10.0.3.1"]
        shop.clear_faults(fault["id"])
        eventually(lambda: "shop/other" not in running.seen.now)
        assert running.seen.fewest[WEB] == 2


def test_a_server_that_always_says_expired_is_not_pressed(shop: PracticeCluster) -> None:
    shop.fault("error-event", verb="watch", code=410, reason="Expired")
    with reflecting(shop, random=1.0) as running:
        eventually(lambda: running.lists() >= 2)
        time.sleep(2.5)
        assert running.lists() <= 4
        shop.clear_faults()
        follows(running)


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "garbage"},
        {"kind": "garbage", "text": '{"type":"ADDED"}'},
        {"kind": "garbage", "text": '{"type":"SURPRISE","object":{"metadata":{}}}'},
        {"kind": "error-event", "code": 500, "reason": "InternalError"},
        {"kind": "html"},
        {"kind": "status", "code": 500},
        {"kind": "status", "code": 504},
    ],
)
def test_a_watch_that_goes_wrong_is_opened_again_without_a_list(
    shop: PracticeCluster, fault: dict
) -> None:
    with reflecting(shop) as running:
        synced(running)
        shop.fault(verb="watch", count=1, **fault)
        shop.fault("drop-watches", how="fin")
        eventually(lambda: running.watches() >= 1)
        follows(running)
        assert running.lists() == 0
        eventually(lambda: running.status.phase == "connected")
        assert set(running.seen.now) >= {WEB}


@pytest.mark.parametrize("how", ["clean", "fin", "rst"])
def test_a_watch_that_ends_goes_on_from_its_last_version(shop: PracticeCluster, how: str) -> None:
    with reflecting(shop) as running:
        synced(running)
        put(shop, "10.0.0.5")
        eventually(lambda: running.of(WEB) == ["10.0.0.5"])
        time.sleep(0.2)
        shop.fault("drop-watches", how=how)
        eventually(lambda: shop.open_watches() == 1)
        follows(running)
        assert running.lists() == 0
        assert running.seen.failures == []


def test_a_line_that_was_cut_is_read_again_whole(shop: PracticeCluster) -> None:
    with reflecting(shop) as running:
        synced(running)
        shop.fault("cut", verb="watch", at=120, count=1)
        shop.fault("drop-watches", how="clean")
        eventually(lambda: running.watches() == 1)
        follows(running)
        assert running.lists() == 0
        assert running.seen.fewest[WEB] == 1, "never empty"


QUICK = replace(TIMING, silence=0.5)


def test_a_silent_watch_is_not_trusted_for_long(shop: PracticeCluster) -> None:
    shop.fault("bookmarks", every=0.1)
    with reflecting(shop, timing=QUICK) as running:
        synced(running)
        shop.fault("half-open")
        put(shop, "10.0.0.9")
        eventually(lambda: running.of(WEB) == ["10.0.0.9"])
        assert running.lists() == 0
        assert running.seen.failures == []


def test_a_hole_before_the_answer_is_a_failure_and_no_list(shop: PracticeCluster) -> None:
    shop.fault("bookmarks", every=0.1)
    with reflecting(shop, timing=QUICK) as running:
        synced(running)
        shop.fault("hang", verb="watch", when="before", count=1)
        shop.fault("drop-watches", how="clean")
        follows(running)
        assert running.lists() == 0
        assert running.seen.failures == ["timeout"]


def test_a_server_that_was_set_back_is_noticed_at_the_next_opportunity(
    shop: PracticeCluster,
) -> None:
    """A watch from a version of its future would be open, and silent for ever."""
    with reflecting(shop) as running:
        synced(running)
        for _ in range(20):  # versions that will not be reached again soon
            put(shop, "10.0.0.5")
        eventually(lambda: running.of(WEB) == ["10.0.0.5"])
        shop.fault("reset-versions")
        put(shop, "10.0.0.6")
        eventually(lambda: running.of(WEB) == ["10.0.0.6"])
        assert running.lists() == 1
        follows(running, "10.0.0.7")
        assert running.seen.failures[-1] == "version_too_large"


def test_the_servers_wish_to_wait_is_obeyed(shop: PracticeCluster) -> None:
    with reflecting(shop) as running:
        synced(running)
        shop.fault("status", verb="watch", code=429, retry_after=2, count=1)
        asked = time.monotonic()
        shop.fault("drop-watches", how="clean")
        eventually(lambda: running.watches() == 1)
        eventually(lambda: running.watches() == 2)
        assert time.monotonic() - asked >= 1.9
        assert running.seen.failures == ["throttled"]
        assert running.lists() == 0
        follows(running)


@pytest.mark.parametrize(("code", "name"), [(403, "forbidden"), (401, "unauthorized")])
def test_a_refusal_is_named_and_not_insisted_on(
    shop: PracticeCluster, code: int, name: str
) -> None:
    shop.fault("status", code=code)
    with reflecting(shop, random=1.0) as running:
        time.sleep(2.2)
        assert 1 <= len(shop.requests("get")) <= 3
        assert 0 <= running.lists() <= 3
        assert running.status.phase == "failing"
        assert running.status.reason == name
        shop.clear_faults()
        follows(running)
        assert running.status.phase == "connected"


def test_endpoints_are_read_where_slices_are_not_permitted(shop: PracticeCluster) -> None:
    rule = {"apiGroups": [""], "resources": ["endpoints"], "verbs": ["list", "watch"]}
    shop.grant("shop/legacy", [rule])
    shop.apply(
        {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {"name": "old", "namespace": "shop"},
            "subsets": [{"addresses": [{"ip": "10.0.0.7"}], "ports": [{"port": 80}]}],
        }
    )
    token = shop.mint_token("shop/legacy")
    both = (ENDPOINT_SLICES, ENDPOINTS)
    with reflecting(shop, resources=both, token=token) as running:
        eventually(lambda: running.of("shop/old") == ["10.0.0.7"])
        assert running.reflector.resource is ENDPOINTS
        assert running.reflector.preferred is ENDPOINT_SLICES
        shop.delete("endpoints", "shop", "old")
        eventually(lambda: running.of("shop/old") is None)


@pytest.fixture
def many(shop: PracticeCluster) -> PracticeCluster:
    shop.apply_all(
        [
            obj
            for number in range(12)
            for obj in service_with_slice("bank", f"b{number}", addresses=[f"10.0.2.{number}"])
        ]
    )
    return shop


def test_a_bare_list_is_confirmed_before_it_counts(many: PracticeCluster) -> None:
    with reflecting(many, guarded=True) as running:
        eventually(lambda: len(running.seen.now) >= 13)
        eventually(lambda: many.open_watches() == 1)
        fault = many.fault("status", verb="*", resource="endpointslices", code=503)
        many.fault("drop-watches", how="rst")
        for number in range(12):
            many.delete_service("bank", f"b{number}")
        many.fault("compact")
        many.forget_requests()
        many.clear_faults(fault["id"])
        eventually(lambda: running.status.reason == "mass_deletion")
        assert running.of("bank/b0") == ["10.0.2.0"]
        eventually(lambda: running.of("bank/b0") is None)
        good = [one for one in many.requests("list", "endpointslices") if one["code"] == 200]
        assert sum(one["params"]["limit"] != "1" for one in good) == 2
        eventually(lambda: running.status.phase == "connected")


def test_a_bare_list_that_was_a_mistake_removes_nothing(many: PracticeCluster) -> None:
    with reflecting(many, guarded=True, timing=replace(TIMING, confirm_after=0.5)) as running:
        eventually(lambda: len(running.seen.now) >= 13)
        eventually(lambda: many.open_watches() == 1)
        kept = dict(running.seen.now)
        fault = many.fault("status", verb="*", resource="endpointslices", code=503)
        many.fault("drop-watches", how="rst")
        slices = many.list("endpointslices", "bank")
        for slice_ in slices:
            many.delete("endpointslices", "bank", slice_["metadata"]["name"])
        many.fault("compact")
        many.clear_faults(fault["id"])
        eventually(lambda: running.status.reason == "mass_deletion")
        for slice_ in slices:
            slice_["metadata"] = {
                key: slice_["metadata"][key] for key in ("name", "namespace", "labels")
            }
        many.apply_all(slices)
        eventually(lambda: running.status.phase == "connected")
        assert running.seen.now == kept
        assert all(running.seen.fewest.values())


def test_a_service_scaled_to_zero_by_an_event_is_empty_at_once(many: PracticeCluster) -> None:
    with reflecting(many, guarded=True) as running:
        eventually(lambda: len(running.seen.now) >= 13)
        eventually(lambda: many.open_watches() == 1)
        put(many)
        eventually(lambda: running.of(WEB) == [])


def test_closing_ends_an_open_watch_at_once(shop: PracticeCluster) -> None:
    with reflecting(shop) as running:
        synced(running)
        began = time.monotonic()
    assert time.monotonic() - began < 10
    eventually(lambda: shop.open_watches() == 0)


def test_what_nobody_thought_of_does_not_end_the_loop(
    shop: PracticeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    with reflecting(shop) as running:
        synced(running)
        real, calls = running.seen.put, []

        def broken(thing: object) -> None:
            calls.append(thing)
            if len(calls) == 1:
                raise RecursionError
            real(thing)  # type: ignore[arg-type]

        monkeypatch.setattr(running.seen, "put", broken)
        follows(running)
        assert running.seen.failures == ["internal"]
        assert running.lists() == 0


def test_the_timing_has_the_figures_of_the_defaults() -> None:
    timing = Timing()
    assert timing.watch_for[0] > timing.silence > 60, "bookmarks come about every minute"
    assert timing.watch_for[1] <= 300, "a withdrawn token reads no longer than that"
