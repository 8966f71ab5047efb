"""A change costs what changed, and the bad ones are named."""

from __future__ import annotations

from typing import Any

import pytest

from console.contract.wire import Expression, Node, Path, Resource, Route, Timeouts, Upstream
from gateways.drivers.envoy import api
from gateways.drivers.envoy.book import Book, Turned


def upstream(number: int, *hosts: str, **fields: object) -> Upstream:
    nodes = tuple(Node(host=host, port=80) for host in hosts or ("10.0.0.1",))
    return Upstream(id=f"u{number}", name=f"u{number}", nodes=nodes, **fields)


def route(number: int, **fields: object) -> Route:
    values = {"upstream": f"u{number}", "hosts": (f"h{number}.org",)} | fields
    return Route(id=f"r{number}", name=f"r{number}", paths=(Path(path="/"),), **values)


def house(size: int) -> dict[str, Resource]:
    return {f"upstream/u{n}": upstream(n) for n in range(size)} | {
        f"route/r{n}": route(n) for n in range(size)
    }


def names(turned: Turned) -> dict[str, list[str]]:
    found = {api.CLUSTERS: "clusters", api.ASSIGNMENTS: "assignments", api.ROUTES: "routes"}
    return {found[kind]: sorted(some) for kind, some in turned.items() if some}


@pytest.mark.parametrize("size", [100, 1_000])
def test_a_change_of_nodes_is_one_assignment_and_nothing_else_is_rendered(size: int) -> None:
    book = Book()
    book.replace(house(size))
    book.rendered.clear()
    turned = book.apply({"upstream/u7": upstream(7, "10.0.0.2", observed_at=5)})
    assert names(turned) == {"assignments": ["upstream/u7"]}
    assert book.rendered == {"assignment": 1}
    assert names(book.apply({"upstream/u7": upstream(7, "10.0.0.2", observed_at=9)})) == {}
    assert book.rendered == {"assignment": 1}


def test_a_new_route_renders_its_own_virtual_host() -> None:
    book = Book()
    book.replace(house(100))
    book.rendered.clear()
    assert names(book.apply({"route/r7": route(7, methods=("GET",))})) == {"routes": ["portolan"]}
    assert book.rendered == {"route": 1, "host": 1}


def test_how_an_upstream_is_called_goes_into_its_routes() -> None:
    book = Book()
    book.replace(house(3))
    turned = book.apply({"upstream/u1": upstream(1, timeouts=Timeouts(read=1_000))})
    assert names(turned) == {"routes": ["portolan"]}
    hashed = upstream(1, balance="consistent_hash", hash_key="uri")
    assert names(book.apply({"upstream/u1": hashed})) == {
        "clusters": ["upstream/u1"],
        "routes": ["portolan"],
    }


def test_nodes_with_names_are_in_the_cluster() -> None:
    book = Book()
    book.replace({"upstream/u1": upstream(1)})
    turned = book.apply({"upstream/u1": upstream(1, "node.org")})
    assert turned[api.ASSIGNMENTS] == {"upstream/u1": None}
    assert not turned[api.CLUSTERS]["upstream/u1"].apart
    turned = book.apply({"upstream/u1": upstream(1, "other.org")})
    assert names(turned) == {"clusters": ["upstream/u1"]}
    turned = book.apply({"upstream/u1": upstream(1)})
    assert turned[api.CLUSTERS]["upstream/u1"].apart
    assert turned[api.ASSIGNMENTS]["upstream/u1"]


def test_what_becomes_inexpressible_is_named_and_stays_as_it_was() -> None:
    book = Book()
    book.replace(house(2))
    before = book.current()
    assert not names(book.apply({"route/r1": route(1, plugins={"x": {}})}))
    assert not names(book.apply({"upstream/u0": upstream(0, balance="oracle")}))
    assert "plugins: x" in book.refused["route/r1"]
    assert "oracle" in book.refused["upstream/u0"]
    assert book.current() == before
    book.apply({"route/r1": route(1), "upstream/u0": None})
    assert not book.refused
    assert "upstream/u0" not in book.current()[api.CLUSTERS]


@pytest.mark.parametrize("bad", [{3}, {0}, {2, 9}, set(range(10))])
def test_routes_that_envoy_refuses_after_all_are_found_and_left_out(bad: set[int]) -> None:
    book = Book()
    book.replace({f"route/r{n}": route(n) for n in range(10, 13)})
    book.routes_taken(version(book))
    taken = version(book)
    book.apply({f"route/r{n}": route(n) for n in range(10)})
    # An Envoy says nothing about a version that it has already.
    for _step in range(60):
        if hosts(book) & {f"h{n}.org" for n in bad}:
            book.routes_refused(version(book), "no good")
        elif version(book) != taken:
            taken = version(book)
            book.routes_taken(taken)
    assert book.banned.keys() == {f"route/r{n}" for n in bad}
    assert hosts(book) == {f"h{n}.org" for n in range(13) if n not in bad}
    mended = min(bad)
    book.apply({f"route/r{mended}": route(mended, methods=("GET",))})
    assert f"route/r{mended}" not in book.banned
    assert f"h{mended}.org" in hosts(book)


def test_what_people_wrote_for_envoys_engine_is_suspected_first() -> None:
    book = Book()
    odd = Expression(subject="header", operator="regex_match", name="x", value="a")
    book.replace({f"route/r{n}": route(n) for n in range(20)})
    book.apply({f"route/r{n}": route(n, expressions=(odd,)) for n in (3, 7)})
    book.routes_refused(version(book), "no good")
    assert hosts(book) == {f"h{n}.org" for n in range(20) if n not in (3, 7)}


def version(book: Book) -> str:
    (held,) = book.current()[api.ROUTES].values()
    return held.version


def hosts(book: Book) -> set[str]:
    (held,) = book.current()[api.ROUTES].values()
    return {one.name for one in api.Routes.FromString(held.body).virtual_hosts}


def test_garbage_in_checks_is_named() -> None:
    book = Book()
    book.apply(
        {"upstream/u1": upstream(1, checks={"active": {"healthy": {"http_statuses": [[]]}}})}
    )
    assert "upstream/u1" in book.refused


def test_a_node_that_is_about_to_go_is_one_assignment() -> None:
    book = Book()
    book.replace({"upstream/u1": upstream(1, "10.0.0.1", "10.0.0.2")})
    book.rendered.clear()
    leaving = upstream(1, "10.0.0.1", "10.0.0.2", leaving=(0,))
    assert names(book.apply({"upstream/u1": leaving})) == {"assignments": ["upstream/u1"]}
    assert book.rendered == {"assignment": 1}
    assert names(book.apply({"upstream/u1": leaving})) == {}


class Counterfeit(dict[str, Any]):
    """Checks that break when they are looked into, but not when they are compared."""

    def get(self, *_: object) -> Any:
        return self["nothing"]


DEEP = Expression(
    subject="header", name="x", operator="regex_match", value="(" * 900 + "a" + ")" * 900
)
# What no reader of ours lets through; here as if one had.
ODD = {
    "TypeError": upstream(1, checks={"active": {"healthy": {"http_statuses": None}}}),
    "OverflowError": upstream(1, checks={"active": {"port": float("inf")}}),
    "AttributeError": upstream(1, timeouts=None),
    "KeyError": upstream(1, checks=Counterfeit(active={})),
    "RecursionError": route(1, expressions=(DEEP,)),
    "ValueError": upstream(1, timeouts=Timeouts(connect=2**80)),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_one_that_cannot_be_rendered_is_named_and_the_others_go_on(odd: Resource) -> None:
    book = Book()
    book.replace(house(3))
    before = book.current()
    key = f"{odd.__struct_config__.tag}/{odd.id}"
    turned = book.apply({key: odd, "upstream/u2": upstream(2, "10.0.0.2"), "route/r2": None})
    assert names(turned) == {"assignments": ["upstream/u2"], "routes": ["portolan"]}
    assert book.refused.keys() == {key}
    assert book.current()[api.CLUSTERS] == before[api.CLUSTERS], "it stays as it was"
    assert book.apply({key: house(3)[key]}) == {
        api.CLUSTERS: {},
        api.ASSIGNMENTS: {},
        api.ROUTES: {},
    }
    assert not book.refused
