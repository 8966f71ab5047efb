"""The policy for an upstream without a node, in the plan: what is kept, whose, and until when."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from applications.compiler import Plan, upstreams
from applications.specs import ApplicationSpec, MemberSpec
from console.contract import wire
from gateways.drivers.traefik.render import render
from tests.applications.specs import application, discovered, service, static, upstream_spec

WEB, API = ("r1", "shop/web"), ("r1", "shop/api")
NOW = 1_764_000_000_000
THREE = ("10.0.0.1", "10.0.0.2", "10.0.0.3")


def spec_of(*members: MemberSpec, number: int = 1, **fields: Any) -> ApplicationSpec:
    values = {"on_empty": "keep", "keep_for": 30} | fields
    return application(
        number=number, upstreams=(upstream_spec(*members, id=f"u{number}", **values),)
    )


class Board:
    """A plan with a clock of the test's, and what it has published."""

    def __init__(self, *members: MemberSpec, **fields: Any) -> None:
        self.plan = Plan()
        self.now = NOW
        self.published: dict[str, wire.Resource] = {}
        self.edit(*members, **fields)
        self.plan.know("r1")

    def edit(self, *members: MemberSpec, **fields: Any) -> None:
        self.members = members
        self.fields = fields
        self.plan.put_application(spec_of(*members, **fields))

    def put(self, *addresses: str, name: str = "web") -> None:
        self.plan.put_service(("r1", f"shop/{name}"), service(*addresses, name=name))

    def take(self, after: int = 0) -> wire.Upstream:
        """The upstream so many milliseconds later."""
        self.now += after
        for key, resource in self.plan.take(self.now).items():
            if resource is None:
                del self.published[key]
            else:
                assert wire.digest(resource) == resource.digest
                self.published[key] = resource
        found = self.published["upstream/u1"]
        assert isinstance(found, wire.Upstream)
        return found

    def hosts(self, after: int = 0) -> list[str]:
        return [node.host for node in self.take(after).nodes]

    def hand_over(self, *, known: bool = True) -> None:
        """Another worker takes over: it has what is published and reads the rows and feeds."""
        services = self.plan._services
        self.plan = Plan()
        self.plan.inherit(
            {
                key: wire.decode_resource(wire.encode(one))  # through Redis
                for key, one in self.published.items()
            }
        )
        self.plan.put_application(spec_of(*self.members, **self.fields))
        for name, state in services.items():
            self.plan.put_service(name, state)
        if known:
            self.plan.know("r1")


@pytest.fixture
def board() -> Board:
    made = Board(discovered())
    made.put(*THREE)
    assert made.hosts() == list(THREE)
    return made


EMPTY = [service(), service(wire.Endpoint(address="10.0.0.1", ready=False)), None]


@pytest.mark.parametrize("state", EMPTY, ids=["empty", "none ready", "absent"])
def test_fail_lets_the_nodes_go_at_once(state: wire.Service | None) -> None:
    board = Board(discovered(), on_empty="fail")
    board.put(*THREE)
    assert board.hosts() == list(THREE)
    board.plan.put_service(WEB, state)
    found = board.take()
    assert (found.nodes, found.kept_since, found.kept_until, found.origins) == ((), 0, 0, ())
    assert board.plan.deadline is None


@pytest.mark.parametrize("state", EMPTY, ids=["empty", "none ready", "absent"])
def test_keep_lets_them_go_when_the_time_has_come(board: Board, state: Any) -> None:
    before = board.take()
    board.plan.put_service(WEB, state)
    found = board.take(after=5_000)
    assert found.nodes == before.nodes
    assert (found.kept_since, found.kept_until) == (NOW + 5_000, NOW + 35_000)
    assert board.plan.deadline == NOW + 35_000
    assert board.hosts(after=29_999) == list(THREE)
    found = board.take(after=1)
    assert (found.nodes, found.kept_since, found.kept_until, found.origins) == ((), 0, 0, ())
    assert found.observed_at == NOW + 35_000, "when it was due, for whoever measures the lag"
    assert board.plan.deadline is None
    assert board.hosts(after=10**9) == []


def test_what_requests_meet_does_not_change_while_nodes_are_kept(board: Board) -> None:
    before = board.take()
    board.put()
    assert board.take().digest == before.digest


def test_a_gateway_is_given_kept_nodes_like_any_others(board: Board) -> None:
    before = render(board.take())
    board.put()
    kept = board.take()
    assert kept.kept_until
    assert render(kept) == before


def test_a_node_that_comes_back_ends_the_waiting(board: Board) -> None:
    board.put()
    assert board.hosts(after=1) == list(THREE)
    board.put("10.0.0.9")
    found = board.take(after=1)
    assert ([node.host for node in found.nodes], found.kept_until) == (["10.0.0.9"], 0)
    assert board.plan.deadline is None
    board.put()
    found = board.take(after=7_000)
    assert ([node.host for node in found.nodes], found.kept_until) == (
        ["10.0.0.9"],
        board.now + 30_000,
    ), "each time anew, but only with what was there last"


def test_from_empty_to_absent_the_clock_goes_on(board: Board) -> None:
    board.put()
    until = board.take().kept_until
    board.plan.put_service(WEB, None)
    assert board.take(after=10_000).kept_until == until
    board.plan.put_service(WEB, service(wire.Endpoint(address="10.0.0.7", ready=False)))
    assert board.take(after=10_000).kept_until == until
    assert board.hosts(after=10_000) == []


def test_an_upstream_that_never_had_a_node_keeps_none() -> None:
    board = Board(discovered())
    board.put()
    assert board.hosts() == []
    assert board.plan.deadline is None


# What other members have to say.


def test_as_long_as_any_member_has_a_node_nothing_is_kept() -> None:
    board = Board(discovered(), discovered(service="api"), static("10.9.9.9", priority=-1))
    board.put("10.0.0.1")
    board.put("10.0.1.1", name="api")
    assert board.hosts() == ["10.0.0.1", "10.0.1.1", "10.9.9.9"]
    board.put()
    assert board.hosts() == ["10.0.1.1", "10.9.9.9"]
    board.put(name="api")
    assert board.hosts() == ["10.9.9.9"]
    assert board.plan.deadline is None


def test_several_services_that_go_together_are_kept_together() -> None:
    board = Board(discovered(weight=7), discovered(service="api"))
    board.put("10.0.0.1", "10.0.0.2")
    board.put("10.0.1.1", "10.0.0.2", name="api")
    before = board.take()
    board.put()
    board.put(name="api")
    found = board.take()
    assert found.nodes == before.nodes
    assert [(node.host, node.weight) for node in found.nodes] == [
        ("10.0.0.1", 7),
        ("10.0.0.2", 7),
        ("10.0.1.1", 100),
    ]
    assert [(one.service, one.nodes) for one in found.origins] == [("web", (0, 1)), ("api", (1, 2))]
    board.put("10.0.1.5", name="api")
    assert board.hosts() == ["10.0.1.5"], "what is there is better than what was"


# What people edit. Each with the same worker and with another one.


@pytest.fixture(params=["same worker", "another worker"])
def edited(request: pytest.FixtureRequest, board: Board) -> Any:
    """Edit the upstream while its nodes are kept."""
    board.put()
    assert board.take().kept_until == NOW + 30_000

    def edit(*members: MemberSpec, **fields: Any) -> wire.Upstream:
        if request.param == "another worker":
            board.members, board.fields = members, fields
            board.hand_over()
        else:
            board.edit(*members, **fields)
        return board.take(after=1_000)

    return edit


@pytest.mark.parametrize(
    "member",
    [
        discovered(service="api"),
        discovered(namespace="other"),
        discovered(service_port="admin"),
    ],
    ids=["service", "namespace", "port"],
)
def test_nodes_of_what_is_no_member_any_more_go_at_once(edited: Any, member: MemberSpec) -> None:
    found = edited(member)
    assert (found.nodes, found.kept_since, found.kept_until) == ((), 0, 0)


def test_with_another_registry_they_go_as_soon_as_it_is_known(board: Board, edited: Any) -> None:
    assert edited(discovered(registry="r2")).nodes, "of r2 nothing is known"
    board.plan.know("r2")
    assert board.hosts() == []


def test_another_member_beside_it_takes_nothing_away(edited: Any) -> None:
    found = edited(discovered(service="api"), discovered(weight=5, priority=1))
    assert [(node.host, node.weight, node.priority) for node in found.nodes] == [
        (host, 5, 1) for host in THREE
    ]
    assert found.kept_until == NOW + 30_000, "an edit buys no time"


def test_a_static_target_beside_it_takes_over(edited: Any) -> None:
    found = edited(discovered(), static("10.9.9.9"))
    assert ([node.host for node in found.nodes], found.kept_until) == (["10.9.9.9"], 0)


def test_other_settings_leave_it_waiting(edited: Any) -> None:
    found = edited(discovered(), scheme="https")
    assert (found.scheme, len(found.nodes), found.kept_until) == ("https", 3, NOW + 30_000)


@pytest.mark.parametrize(("seconds", "nodes"), [(60, 3), (10, 3), (1, 0)])
def test_another_time_counts_from_the_same_beginning(edited: Any, seconds: int, nodes: int) -> None:
    found = edited(discovered(), keep_for=seconds)
    assert len(found.nodes) == nodes
    assert found.kept_until == (NOW + seconds * 1000 if nodes else 0)


def test_another_policy_counts_at_once(edited: Any) -> None:
    assert edited(discovered(), on_empty="fail").nodes == ()


def test_of_two_kept_services_the_one_that_is_taken_away_takes_its_nodes_along() -> None:
    board = Board(discovered(), discovered(service="api"))
    board.put("10.0.0.1")
    board.put("10.0.1.1", name="api")
    board.take()
    board.put()
    board.put(name="api")
    until = board.take().kept_until
    board.edit(discovered(service="api"))
    found = board.take(after=1_000)
    assert ([node.host for node in found.nodes], found.kept_until) == (["10.0.1.1"], until)


def test_an_address_that_two_services_had_stays_with_the_other() -> None:
    board = Board(discovered(), discovered(service="api", weight=9))
    board.put("10.0.0.1", "10.0.0.2")
    board.put("10.0.0.2", "10.0.0.3", name="api")
    board.take()
    board.put()
    board.put(name="api")
    board.take()
    board.edit(discovered(service="api", weight=9))
    found = board.take()
    assert [(one.host, one.weight) for one in found.nodes] == [("10.0.0.2", 9), ("10.0.0.3", 9)]


def test_an_edit_from_nodes_to_none_is_no_outage() -> None:
    """Neither a static target that is taken away is kept, nor a service changed for an empty
    one, nor what was edited while nobody compiled."""
    board = Board(static("10.9.9.9"), discovered())
    board.put()
    assert board.hosts() == ["10.9.9.9"]
    board.edit(discovered())
    assert board.hosts() == []
    board.put(*THREE)
    assert board.hosts() == list(THREE)
    board.members = (discovered(service="api"),)
    board.hand_over()
    assert board.hosts() == []


# Workers come and go.


def test_the_clock_goes_on_with_another_worker(board: Board) -> None:
    board.put()
    board.take()
    for _ in range(10):
        board.hand_over()
        assert board.take(after=2_900).kept_until == NOW + 30_000
    assert board.hosts(after=1_000) == []


def test_what_went_while_nobody_compiled_is_kept_from_now_on(board: Board) -> None:
    board.plan._services[WEB] = service()
    board.hand_over()
    assert board.take(after=3_600_000).kept_until == board.now + 30_000
    board.hand_over()
    assert board.hosts(after=30_000) == []


def test_what_was_due_while_nobody_compiled_goes_at_once(board: Board) -> None:
    board.put()
    board.take()
    board.hand_over()
    assert board.hosts(after=60_000) == []


def test_a_clock_that_is_behind_starts_anew_and_no_clock_extends_for_ever(board: Board) -> None:
    board.put()
    board.take()
    board.hand_over()
    assert board.take(after=-3_600_000).kept_until == board.now + 30_000
    assert board.take(after=-1_000).kept_until == board.now + 30_000, "put back under our feet"
    assert board.hosts(after=29_999) == list(THREE)
    assert board.hosts(after=1) == []


def test_while_a_registry_is_not_known_nothing_goes(board: Board) -> None:
    board.put()
    kept = board.take()
    board.hand_over(known=False)
    assert board.take(after=10**9) == kept, "also past its time"
    assert board.plan.deadline is None, "which nobody has to wait for"
    board.plan.know("r1")
    assert board.hosts() == []


def test_places_that_make_no_sense_are_passed_over(board: Board) -> None:
    found = board.take()
    [origin] = found.origins
    odd = msgspec.structs.replace(origin, nodes=(-1, 1, 99))
    board.published["upstream/u1"] = msgspec.structs.replace(found, origins=(odd,))
    board.put()
    board.hand_over()
    assert board.hosts() == ["10.0.0.2"]


def test_time_costs_what_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plan()
    for number in range(1_000):
        plan.put_application(
            spec_of(discovered(service=f"s{number}"), number=number, keep_for=number + 1)
        )
        plan.put_service(("r1", f"shop/s{number}"), service("10.0.0.1"))
    plan.know("r1")
    plan.take(NOW)
    for number in range(1_000):
        plan.put_service(("r1", f"shop/s{number}"), None)
    plan.take(NOW)
    calls: list[str] = []
    real = upstreams.upstream

    def counting(spec: Any, *rest: Any, **fields: Any) -> wire.Upstream:
        calls.append(spec.id)
        return real(spec, *rest, **fields)

    monkeypatch.setattr(upstreams, "upstream", counting)
    for second in range(1, 6):
        assert plan.deadline == NOW + second * 1_000
        assert plan.take(NOW + second * 1_000 - 1) == {}
        assert plan.take(NOW + second * 1_000).keys() == {f"upstream/u{second - 1}"}
    assert calls == ["u0", "u1", "u2", "u3", "u4"]
