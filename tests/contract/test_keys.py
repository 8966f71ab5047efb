"""Redis keys: one owner each, one slot for what belongs together, and no two alike."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from console.contract import keys

OWNERS = (keys.registry, keys.control_plane, keys.gateway)
WORD = st.from_regex(r"[a-z0-9]([-a-z0-9.]{0,10}[a-z0-9])?", fullmatch=True)


def all_of(owner: str) -> list[str]:
    single = (keys.lease, keys.queued, keys.status, keys.trial, keys.crashes, keys.held_back)
    return [*keys.feed(owner).all(), *(one(owner) for one in single), keys.moves(owner)]


def test_the_names_of_the_keys() -> None:
    assert all_of(keys.registry("7")) == [
        "portolan:v1:{registry:7}:states",
        "portolan:v1:{registry:7}:changes",
        "portolan:v1:{registry:7}:meta",
        "portolan:v1:{registry:7}:lease",
        "portolan:v1:{registry:7}:queued",
        "portolan:v1:{registry:7}:status",
        "portolan:v1:{registry:7}:trial",
        "portolan:v1:{registry:7}:crashes",
        "portolan:v1:{registry:7}:held-back",
        "portolan:v1:{registry:7}:moves",
    ]
    assert keys.control_plane("7") == "control-plane:7"
    assert keys.gateway("7") == "gateway:7"
    assert keys.kind(keys.control_plane("7")) == "control-plane"
    assert keys.wakeups() == "portolan:v1:wakeups"
    assert keys.workers() == "portolan:v1:workers"
    assert keys.worker("host:1:ab") == "portolan:v1:worker:host:1:ab"
    assert keys.service("shop", "web") == "shop/web"
    assert (keys.route("1"), keys.upstream("1")) == ("route/1", "upstream/1")


@given(st.lists(st.uuids().map(str), min_size=1, max_size=5, unique=True))
def test_keys_of_different_owners_never_collide(ids: list[str]) -> None:
    owners = [of(one) for of, one in itertools.product(OWNERS, ids)]
    made = [key for owner in owners for key in all_of(owner)] + [keys.wakeups()]
    assert len(set(made)) == len(made)


@given(st.uuids().map(str))
def test_the_keys_of_one_owner_share_a_slot(one: str) -> None:
    for of in OWNERS:
        tags = {key.partition("{")[2].partition("}")[0] for key in all_of(of(one))}
        assert tags == {of(one)}


@given(st.tuples(WORD, WORD), st.tuples(WORD, WORD))
def test_two_services_never_share_a_state_key(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (keys.service(*one) == keys.service(*other)) == (one == other)


@given(st.uuids().map(str), st.uuids().map(str))
def test_a_route_and_an_upstream_never_share_a_state_key(one: str, other: str) -> None:
    assert keys.route(one) != keys.upstream(other)
    assert (keys.route(one) == keys.route(other)) == (one == other)
