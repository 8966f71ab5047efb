from __future__ import annotations

import pytest

from registries.kube.reflector import Timing
from registries.kube.slices import ENDPOINT_SLICES, ENDPOINTS
from tests.conformance.conversation import reflecting
from tests.conformance.space import slice_of
from tests.threads import eventually


@pytest.fixture
def token(space):
    return space.reader()


def test_it_lists_and_then_follows_every_change(target, space, token):
    space.put_slices("a", "b")
    with reflecting(target.login, token, namespace=space.name) as (_, kept):
        eventually(lambda: kept.addresses == {"a": ["10.0.0.1"], "b": ["10.0.0.1"]})
        assert kept.watching.wait(5)
        endpoints = [{"addresses": ["10.0.0.2"]}]
        space.api.patch(space.path("endpointslices", "a"), {"endpoints": endpoints})
        space.put_slices("c")
        space.drop("endpointslices", "b")
        eventually(lambda: kept.addresses == {"a": ["10.0.0.2"], "c": ["10.0.0.1"]})
        assert (kept.lists, kept.failures) == (1, [])


def test_a_streamed_list_is_one_request_and_goes_on_as_a_watch(target, space, token):
    space.put_slices("a", "b")
    with reflecting(target.login, token, namespace=space.name, streamed=True) as (reflector, kept):
        eventually(lambda: kept.addresses == {"a": ["10.0.0.1"], "b": ["10.0.0.1"]})
        streamed, version = reflector.streamed, reflector.version
        assert version
        space.put_slices("c")
        space.drop("endpointslices", "b")
        eventually(lambda: list(kept.addresses) == ["a", "c"])
        assert (kept.lists, kept.failures) == (1, [])
        if target.minor >= 34:
            assert streamed


def test_a_safety_list_finds_nothing_that_the_watch_has_not_told(target, space, token):
    space.put_slices("a")
    timing = Timing(watch_for=(2, 2), check_every=(1.0, 1.0))
    with reflecting(target.login, token, namespace=space.name, timing=timing) as (_, kept):
        assert kept.watching.wait(5)
        for number in range(30):
            endpoints = [{"addresses": [f"10.0.1.{number}"]}]
            space.api.patch(space.path("endpointslices", "a"), {"endpoints": endpoints})
        eventually(lambda: kept.compared >= 2, within=20)
        assert kept.drift == 0
        assert kept.addresses == {"a": ["10.0.1.29"]}
        assert (kept.lists, kept.failures) == (1, [])


def test_a_version_of_the_future_is_given_up_for_what_is_true(target, space, token):
    space.put_slices("a")
    future = "9000000000000"
    with reflecting(target.login, token, namespace=space.name, version=future) as (_, kept):
        eventually(lambda: kept.addresses == {"a": ["10.0.0.1"]}, within=20)
        assert kept.lists == 1


def test_a_list_of_many_pages_is_one(target, space, token):
    space.put_slices("a", "b", "c", "d", "e")
    with reflecting(target.login, token, namespace=space.name, page=2) as (_, kept):
        eventually(lambda: list(kept.addresses) == ["a", "b", "c", "d", "e"])
        assert kept.lists == 1


def test_a_watch_that_ends_is_opened_again_without_a_list(target, space, token):
    space.put_slices("a")
    timing = Timing(watch_for=(target.moment, target.moment))
    with reflecting(target.login, token, namespace=space.name, timing=timing) as (_, kept):
        assert kept.watching.wait(5)
        kept.watching.clear()
        space.put_slices("b")
        assert kept.watching.wait(8), "a second watch"
        assert kept.bookmarks >= 1
        space.put_slices("c")
        eventually(lambda: list(kept.addresses) == ["a", "b", "c"])
        assert (kept.lists, kept.failures) == (1, [])


def test_an_expired_version_leads_to_one_list(target, space, token, expired):
    space.put_slices("a")
    with reflecting(target.login, token, namespace=space.name, version=expired) as (_, kept):
        eventually(lambda: kept.addresses == {"a": ["10.0.0.1"]})
        space.put_slices("b")
        eventually(lambda: list(kept.addresses) == ["a", "b"])
        assert (kept.lists, kept.failures) == (1, [])


def test_a_deletion_while_nobody_watched_shows_in_the_list(target, space, token, expired):
    space.put_slices("a", "b")
    with reflecting(target.login, token, namespace=space.name) as (_, kept):
        eventually(lambda: list(kept.addresses) == ["a", "b"])
    space.drop("endpointslices", "b")
    with reflecting(target.login, token, namespace=space.name, version=expired) as (_, again):
        again.addresses = kept.addresses
        eventually(lambda: list(again.addresses) == ["a"])


def test_it_sees_only_what_its_labels_select(target, space, token):
    space.put_slices("a", labels={"colour": "red"})
    space.put_slices("b")
    with reflecting(target.login, token, namespace=space.name, label_selector="colour=red") as (
        _,
        kept,
    ):
        eventually(lambda: list(kept.addresses) == ["a"])
        assert kept.watching.wait(5)
        space.label("b", colour="red")
        eventually(lambda: list(kept.addresses) == ["a", "b"])
        space.label("a", colour=None)
        eventually(lambda: list(kept.addresses) == ["b"])


def test_it_takes_endpoints_where_slices_are_denied(target, space):
    token = space.account("old")
    rule = {"apiGroups": [""], "resources": ["endpoints"], "verbs": ["list", "watch"]}
    space.grant("old", rule)
    subset = {"addresses": [{"ip": "10.0.0.9"}], "ports": [{"port": 80}]}
    space.make("endpoints", {"metadata": {"name": "web"}, "subsets": [subset]})
    resources = (ENDPOINT_SLICES, ENDPOINTS)
    with reflecting(target.login, token, namespace=space.name, resources=resources) as (
        reflector,
        kept,
    ):
        eventually(lambda: kept.addresses == {"web": ["10.0.0.9"]}, within=15)
        assert reflector.resource is ENDPOINTS
        assert kept.watching.wait(5)
        subset["addresses"].append({"ip": "10.0.0.10"})
        space.api.patch(space.path("endpoints", "web"), {"subsets": [subset]})
        eventually(lambda: sorted(kept.addresses["web"]) == ["10.0.0.10", "10.0.0.9"])
        assert {error.code for error in kept.failures} == {"forbidden"}


def test_rights_withdrawn_remove_nothing(target, space, token):
    space.make("endpointslices", slice_of("a"))
    with reflecting(target.login, token, namespace=space.name) as (reflector, kept):
        assert kept.watching.wait(5)
        assert space.api.delete(space.path("rolebindings", "reader")).status == 200
        space.drop("endpointslices", "a")
        eventually(lambda: kept.addresses == {})
        space.put_slices("b")
        eventually(lambda: list(kept.addresses) == ["b"])
        reflector.close()
        eventually(lambda: bool(kept.failures))
        assert {error.code for error in kept.failures} <= {"cut", "forbidden"}
        assert list(kept.addresses) == ["b"]
