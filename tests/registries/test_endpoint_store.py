"""The store: the union of all slices, whatever their cut and the order of events."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.contract.wire import Endpoint, Port, Service, Subset
from registries.endpoints import EndpointStore
from registries.kube.parts import Part
from registries.moves import SETTLE
from registries.union import better
from tests.registries.parts import HTTP, part

ADMIN = Port(port=9090, name="admin")


def addresses(service: Service | None) -> list[str]:
    assert service is not None
    return [one.address for subset in service.subsets for one in subset.endpoints]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def synced(*parts: Part, scope: str = "", **options: object) -> EndpointStore:
    store = EndpointStore(**options)  # type: ignore[arg-type]
    store.replace(scope, parts)
    return store


ENDPOINTS = st.dictionaries(
    st.integers(1, 8).map("10.0.0.{}".format),
    st.tuples(st.booleans(), st.sampled_from([(HTTP,), (ADMIN, HTTP)])),
    max_size=8,
)


@st.composite
def histories(draw: st.DrawFn) -> tuple[dict, list[tuple[str, Part | None]]]:
    """What a service ends at, and events that lead there: first anything, then the last state of
    every slice in any order."""
    final = draw(ENDPOINTS)
    names = ["web-1", "web-2", "web-3"]
    cut: dict[tuple[str, tuple[Port, ...]], list[Endpoint]] = {}
    for address, (ready, ports) in sorted(final.items()):
        endpoint = Endpoint(address=address, ready=ready, pod=f"pod-{address}")
        # While an endpoint moves it is in two slices.
        for name in draw(st.sets(st.sampled_from(names), min_size=1, max_size=2)):
            cut.setdefault((name, ports), []).append(endpoint)
    before = [
        (name, part(name, *draw(st.sets(st.integers(1, 8).map("10.0.0.{}".format), max_size=4))))
        for name in draw(st.lists(st.sampled_from([*names, "web-4"]), max_size=6))
    ]
    after: dict[str, Part | None] = dict.fromkeys([*names, "web-4"])
    for name in names:
        subsets = tuple(
            Subset(ports=ports, endpoints=tuple(draw(st.permutations(found))))
            for (of, ports), found in cut.items()
            if of == name
        )
        if subsets or draw(st.booleans()):
            after[name] = Part("shop", name, "web", subsets=subsets, family=4)
    return final, [*before, *draw(st.permutations(list(after.items())))]


@given(histories(), st.integers(0, 12), st.integers(0, 12))
def test_any_cut_and_any_order_give_the_same_service(
    history: tuple[dict, list[tuple[str, Part | None]]], relist_at: int, take_at: int
) -> None:
    final, events = history
    clock = Clock()
    store, held, view = synced(clock=clock), {}, {}
    for number, (name, one) in enumerate(events):
        if one is None:
            held.pop(name, None)
            store.drop("shop", name)
        else:
            held[name] = one
            store.put(one)
        if number == relist_at:
            store.replace("", held.values())
        if number == take_at:
            view.update(store.take())
    clock.now += SETTLE
    view.update(store.take())
    service = view.get("shop/web")
    if not held:
        assert service is None
        return
    assert service is not None
    expected: dict[tuple[Port, ...], list[Endpoint]] = {}
    for address, (ready, ports) in sorted(final.items()):
        endpoint = Endpoint(address=address, ready=ready, pod=f"pod-{address}")
        expected.setdefault(ports, []).append(endpoint)
    assert {one.ports: list(one.endpoints) for one in service.subsets} == expected
    names = [[port.name for port in one.ports] for one in service.subsets]
    assert names == sorted(names)


def test_an_endpoint_that_moves_is_never_missing() -> None:
    for first, second in ((("web-1", "web-2")), ("web-2", "web-1")):
        store = synced(part(first, "10.0.0.1", "10.0.0.2"), part(second))
        store.put(part(second, "10.0.0.2"))
        assert addresses(store.take()["shop/web"]) == ["10.0.0.1", "10.0.0.2"]
        store.put(part(first, "10.0.0.1"))
        assert addresses(store.take()["shop/web"]) == ["10.0.0.1", "10.0.0.2"]


def test_an_endpoint_that_leaves_before_it_arrives_is_not_missed_either() -> None:
    clock = Clock()
    store = synced(part("web-1", "10.0.0.1", "10.0.0.2"), part("web-2"), clock=clock)
    store.take()
    store.put(part("web-1", "10.0.0.1"))
    assert store.take() == {}, "held back for its other half"
    assert not store.wait(0)
    store.put(part("web-2", "10.0.0.2"))
    assert addresses(store.take()["shop/web"]) == ["10.0.0.1", "10.0.0.2"]


def test_an_endpoint_that_does_not_arrive_is_gone_after_a_moment() -> None:
    clock = Clock()
    store = synced(part("web-1", "10.0.0.1", "10.0.0.2"), part("web-2", "10.0.0.3"), clock=clock)
    store.take()
    store.put(part("web-1", "10.0.0.1"))
    clock.now += SETTLE / 2
    store.put(part("web-1"))
    assert store.take() == {}
    clock.now += SETTLE / 2
    assert store.wait(0), "no further loss holds it back any longer"
    assert addresses(store.take()["shop/web"]) == ["10.0.0.3"]


def test_a_service_of_one_slice_or_of_one_in_each_family_is_not_held_back() -> None:
    six = part("web-6", "fd00::1", family=6)
    for others in ((), (six,)):
        store = synced(part("web-1", "10.0.0.1", "10.0.0.2"), *others, clock=Clock())
        store.take()
        store.put(part("web-1", "10.0.0.1"))
        assert addresses(store.take()["shop/web"]) == ["10.0.0.1"]


def test_another_service_does_not_wait_for_one_that_is_held_back() -> None:
    store = synced(part("web-1", "10.0.0.1"), part("web-2", "10.0.0.2"), clock=Clock())
    store.take()
    store.drop("shop", "web-1")
    store.put(part("api-1", "10.0.1.1", service="api"))
    assert store.wait(0)
    assert store.take().keys() == {"shop/api"}


def test_a_list_tells_how_far_it_is_from_what_is_held() -> None:
    store = synced(part("web-1", "10.0.0.1"), part("web-2", "10.0.0.2"))
    assert store.differences("", [part("web-2", "10.0.0.2"), part("web-1", "10.0.0.1")]) == 0
    assert store.differences("", [part("web-1", "10.0.0.9"), part("web-3")]) == 3
    assert store.differences("bank", []) == 0


ONE, OTHER = "web-a", "web-b"


@pytest.mark.parametrize(
    ("old", "new", "chosen"),
    [
        (None, Endpoint(address="a", pod=ONE), "new"),
        (Endpoint(address="a", pod=ONE), Endpoint(address="a", pod=ONE, ready=False), "new"),
        (Endpoint(address="a", pod=ONE, ready=False), Endpoint(address="a", pod=ONE), "new"),
        (Endpoint(address="a", pod=ONE), Endpoint(address="a", pod=OTHER, ready=False), "old"),
        (Endpoint(address="a", pod=ONE, ready=False), Endpoint(address="a", pod=OTHER), "new"),
        (
            Endpoint(address="a", pod=ONE, ready=False),
            Endpoint(address="a", pod=OTHER, ready=False, terminating=True),
            "old",
        ),
        (
            Endpoint(address="a", pod=ONE, ready=False, terminating=True),
            Endpoint(address="a", pod=OTHER, ready=False),
            "new",
        ),
        (Endpoint(address="a", pod=ONE), Endpoint(address="a", pod=OTHER), "new"),
    ],
)
def test_of_two_entries_of_one_address(old: Endpoint | None, new: Endpoint, chosen: str) -> None:
    assert better(old, new) is (old if chosen == "old" else new)


def test_a_relabelled_slice_leaves_its_old_service() -> None:
    store = synced(part("web-1", "10.0.0.1"))
    store.take()
    store.put(part("web-1", "10.0.0.1", service="api"))
    taken = store.take()
    assert taken["shop/web"] is None
    assert addresses(taken["shop/api"]) == ["10.0.0.1"]


def test_the_last_slice_gone_is_absent_and_an_empty_one_is_empty() -> None:
    clock = Clock()
    store = synced(part("web-1", "10.0.0.1"), part("web-2", "10.0.0.2"), clock=clock)
    store.take()
    store.drop("shop", "web-1")
    clock.now += SETTLE
    assert addresses(store.take()["shop/web"]) == ["10.0.0.2"]
    store.put(part("web-2"))
    assert addresses(store.take()["shop/web"]) == []
    store.drop("shop", "web-2")
    assert store.take() == {"shop/web": None}
    store.drop("shop", "web-2")
    assert store.take() == {}


def test_equal_is_silent() -> None:
    store = synced(part("web-1", "10.0.0.1"))
    store.take()
    store.put(part("web-1", "10.0.0.1"))
    store.replace("", [part("web-1", "10.0.0.1")])
    assert store.take() == {}


def test_a_list_is_taken_in_one_step() -> None:
    store = synced(*(part(f"web-{n}", f"10.0.0.{n}") for n in range(5)))
    store.take()
    seen: list[int] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            if (service := store.take().get("shop/web")) is not None:
                seen.append(len(addresses(service)))

    looking = threading.Thread(target=look)
    looking.start()
    for turn in range(100):
        # Slices of other names with the same endpoints, and one endpoint that comes and goes.
        extra = [part("more", "10.0.1.1")] if turn % 2 else []
        store.replace("", [*(part(f"t{turn}-{n}", f"10.0.0.{n}") for n in range(5)), *extra])
    done.set()
    looking.join()
    assert set(seen) <= {5, 6}


def test_a_list_covers_its_scope_only() -> None:
    store = EndpointStore(scopes=("shop", "bank"))
    store.replace("shop", [part("web-1", "10.0.0.1")])
    assert store.synced() == {"shop"}
    store.replace("bank", [part("web-1", "10.0.0.2", namespace="bank")])
    store.take()
    store.replace("shop", [])
    assert store.take() == {"shop/web": None}
    assert store.synced() == {"shop", "bank"}


def inherited(*names: str) -> list[Service]:
    return [
        Service(
            namespace=name.partition("/")[0],
            name=name.partition("/")[2],
            subsets=(Subset(ports=(HTTP,), endpoints=(Endpoint(address="10.0.0.1"),)),),
        )
        for name in names
    ]


def test_what_was_published_stays_until_a_list_of_its_scope_judges_it() -> None:
    store = EndpointStore(scopes=("shop", "bank"))
    store.inherit(inherited("shop/web", "shop/old", "bank/web", "gone/web"))
    assert store.take() == {}
    store.replace("shop", [part("web-1", "10.0.0.1")])
    taken = store.take()
    assert taken.keys() == {"shop/web", "shop/old"}
    assert taken["shop/old"] is None
    store.replace("bank", [])
    assert store.take() == {"bank/web": None, "gone/web": None}, "gone: no scope covers it"


def test_how_much_a_list_would_leave() -> None:
    store = EndpointStore(scopes=("shop", "bank"), wanted=lambda namespace: namespace != "no")
    store.inherit(inherited("shop/web", "bank/web"))
    assert store.remaining("shop", [part("a", "10.0.0.1", "10.0.0.2")]) == (1, 2)
    assert store.remaining("", []) == (2, 0)
    store.replace("shop", [part("a", "10.0.0.1", "10.0.0.2")])
    assert store.remaining("shop", []) == (2, 0)
    assert store.remaining("", [part("a", "10.0.0.1", namespace="no")]) == (3, 0)


FOUR, SIX = part("web-4", "10.0.0.1"), part("web-6", "fd00::1", family=6)


@pytest.mark.parametrize(
    ("family", "parts", "expected"),
    [
        ("prefer_ipv4", [FOUR, SIX], ["10.0.0.1"]),
        ("prefer_ipv4", [SIX], ["fd00::1"]),
        ("prefer_ipv4", [SIX, part("web-4")], ["fd00::1"]),
        ("ipv4", [FOUR, SIX], ["10.0.0.1"]),
        ("ipv4", [SIX], []),
        ("ipv6", [FOUR, SIX], ["fd00::1"]),
        ("ipv6", [FOUR], []),
        ("ipv6", [part("web", "10.0.0.1", family=0)], ["10.0.0.1"]),
    ],
)
def test_a_dual_stack_service_has_every_pod_once(
    family: str, parts: list[Part], expected: list[str]
) -> None:
    for order in (parts, parts[::-1]):
        store = synced(*order, family=family)
        assert addresses(store.take()["shop/web"]) == expected


def test_namespaces_that_are_not_wanted_are_not_kept() -> None:
    store = synced(part("a", "10.0.0.1"), wanted=lambda namespace: namespace == "bank")
    store.put(part("b", "10.0.0.2"))
    assert store.take() == {}


def test_what_was_left_out_is_counted_while_it_is_there() -> None:
    odd = part("a", refused={"a loopback address": 2}, truncated=True)
    store = synced(odd, part("b", service="api", refused={"a loopback address": 1}))
    assert store.refused() == {"a loopback address": 3}
    assert store.truncated() == ["shop/web"]
    store.put(part("a", "10.0.0.1"))
    assert store.refused() == {"a loopback address": 1}
    assert store.truncated() == []
    store.drop("shop", "b")
    assert store.refused() == {}


def test_what_could_not_be_published_is_handed_out_again() -> None:
    store = synced(part("a", "10.0.0.1"))
    taken = store.take()
    store.again(taken)
    assert store.take() == taken


def test_a_wait_ends_with_a_change_or_a_wake() -> None:
    store = synced()
    assert not store.wait(0.01)
    for deed, something in ((store.wake, False), (lambda: store.put(part("a", "10.0.0.1")), True)):
        timer = threading.Timer(0.05, deed)
        timer.start()
        began = time.monotonic()
        assert store.wait(30) is something
        assert time.monotonic() - began < 20
        timer.join()
    assert store.wait(5), "what is there already is not waited for"


def test_the_registrys_wish_to_drain_is_in_every_state() -> None:
    [service] = synced(part("a", "10.0.0.1"), serve_terminating=True).take().values()
    assert service is not None
    assert service.serve_terminating
