"""Digests: equal content has equal ones, on every machine and in every run."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.contract import wire
from tests.contract.examples import EXAMPLES

FULL = EXAMPLES["upstream-full"]
ROUTE = EXAMPLES["route-full"]


def test_digests_are_the_same_in_every_run() -> None:
    assert wire.state_digest("shop/web", b"{}") == 3344395902160819139
    assert wire.digest(FULL) == "5cfaa1ed90982a66"
    assert wire.digest(ROUTE) == "839657e34a9f4062"


UNCOUNTED = ("digest", "observed_at", "kept_since", "kept_until", "origins")


def test_the_digest_leaves_itself_the_times_and_the_origins_out() -> None:
    bare = wire.Upstream(id="u", name="u")
    for name in UNCOUNTED:
        other = msgspec.structs.replace(bare, **{name: getattr(FULL, name)})
        assert other != bare, name
        assert wire.digest(other) == wire.digest(bare), name
    assert wire.digest(msgspec.structs.replace(ROUTE, digest="")) == wire.digest(ROUTE)


OTHER = {
    "checks": {},
    "plugins": {},
    "retries": 9,
    "timeouts": wire.Timeouts(),
    "leaving": (0,),
}


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        (resource, name)
        for resource in (FULL, ROUTE)
        for name in resource.__struct_fields__
        if name not in UNCOUNTED
    ],
)
def test_the_digest_has_every_other_field(resource: wire.Resource, name: str) -> None:
    value = getattr(resource, name)
    if name in OTHER:
        other = OTHER[name]
    elif isinstance(value, bool):
        other = not value
    else:
        other = () if isinstance(value, tuple) else "other"
    changed = msgspec.structs.replace(resource, **{name: other})
    assert wire.digest(changed) != wire.digest(resource)


def test_the_order_of_a_plugins_fields_does_not_count() -> None:
    turned = msgspec.structs.replace(ROUTE, plugins={"limit": {"a": 2, "b": 1}})
    assert wire.encode(turned) == wire.encode(ROUTE)
    assert wire.digest(turned) == wire.digest(ROUTE)


def test_key_and_bytes_do_not_run_into_each_other() -> None:
    assert wire.state_digest("ab", b"c") != wire.state_digest("a", b"bc")


@given(st.dictionaries(st.text(), st.binary(), max_size=8), st.randoms())
def test_a_checksum_needs_no_order_and_can_be_carried_on(states: dict, random: object) -> None:
    digests = [wire.state_digest(key, value) for key, value in states.items()]
    total = wire.checksum(digests)
    random.shuffle(digests)  # type: ignore[attr-defined]
    assert wire.checksum(digests) == total
    if digests:
        assert total ^ digests[0] == wire.checksum(digests[1:])


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"seq": 9}, True),
        ({"observed_at": 9}, True),
        ({"subsets": ()}, False),
        ({"serve_terminating": False}, False),
        ({"name": "other"}, False),
        ({"namespace": "other"}, False),
    ],
)
def test_the_same_content_is_what_a_service_says(changes: dict, same: bool) -> None:
    service = EXAMPLES["service-full"]
    assert isinstance(service, wire.Service)
    assert wire.same_content(service, msgspec.structs.replace(service, **changes)) is same
