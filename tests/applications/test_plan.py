"""The plan: what changed is compiled, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from applications.compiler import Plan, upstreams
from console.contract import wire
from tests.applications.specs import (
    api_spec,
    application,
    discovered,
    service,
    static,
    upstream_spec,
)

WEB, API = ("r1", "shop/web"), ("r1", "shop/api")
NOW = 1_764_000_000_000


def plan_of(*specs: object) -> Plan:
    plan = Plan()
    for spec in specs:
        plan.put_application(spec)  # type: ignore[arg-type]
    return plan


def hosts(resource: wire.Resource | None) -> list[str]:
    assert isinstance(resource, wire.Upstream)
    return [node.host for node in resource.nodes]


def test_an_application_is_a_route_and_an_upstream() -> None:
    taken = plan_of(application(static("10.0.0.1"))).take(NOW)
    assert taken.keys() == {"route/a1", "upstream/u1"}
    assert hosts(taken["upstream/u1"]) == ["10.0.0.1"]


def test_equal_is_silent() -> None:
    plan = plan_of(application(static("10.0.0.1")))
    plan.take(NOW)
    plan.put_application(application(static("10.0.0.1"), revision=2))
    assert plan.take(NOW) == {}


def test_without_a_published_api_there_is_nothing() -> None:
    plan = plan_of(application(discovered(), apis=()))
    assert plan.take(NOW) == {}
    assert plan.services() == frozenset()


def test_only_the_default_version_goes_out() -> None:
    versions = (
        upstream_spec(discovered(), id="u1", version="v1"),
        upstream_spec(discovered(service="api"), id="u2", version="v2"),
    )
    spec = application(upstreams=versions, default_version="v1")
    plan = plan_of(spec)
    assert plan.take(NOW).keys() == {"route/a1", "upstream/u1"}
    assert plan.services() == {WEB}
    plan.put_application(replace(spec, default_version="v2"))
    assert plan.services() == {API}
    taken = plan.take(NOW)
    assert taken.keys() == {"route/a1", "upstream/u1", "upstream/u2"}
    assert taken["upstream/u1"] is None


def test_what_an_edit_takes_away_is_removed() -> None:
    two = (api_spec(id="a1"), api_spec(id="a2", name="other"))
    plan = plan_of(application(static("10.0.0.1"), apis=two))
    plan.take(NOW)
    plan.put_application(application(static("10.0.0.1")))
    assert plan.take(NOW) == {"route/a2": None}
    plan.put_application(application(static("10.0.0.1"), apis=()))
    assert plan.take(NOW) == {"route/a1": None, "upstream/u1": None}


def test_a_dropped_application_takes_everything_along() -> None:
    plan = plan_of(application(discovered()))
    plan.take(NOW)
    plan.drop_application("app1")
    plan.drop_application("never")
    assert plan.take(NOW) == {"route/a1": None, "upstream/u1": None}
    assert not plan.uses(WEB)


def test_services_come_in_once_the_registry_is_known() -> None:
    plan = plan_of(application(discovered()))
    plan.put_service(WEB, service("10.0.0.1"))
    assert hosts(plan.take(NOW)["upstream/u1"]) == []
    plan.know("r1")
    assert hosts(plan.take(NOW)["upstream/u1"]) == ["10.0.0.1"]
    plan.put_service(WEB, service("10.0.0.2"))
    assert hosts(plan.take(NOW)["upstream/u1"]) == ["10.0.0.2"]
    plan.put_service(WEB, None)
    assert hosts(plan.take(NOW)["upstream/u1"]) == []


def test_an_edited_application_keeps_its_nodes() -> None:
    plan = plan_of(application(discovered()))
    plan.know("r1")
    plan.put_service(WEB, service("10.0.0.1"))
    plan.take(NOW)
    plan.put_application(application(discovered(), name="renamed", hosts=("new.example.org",)))
    assert plan.take(NOW).keys() == {"route/a1"}
    plan.put_application(application(discovered(weight=5)))
    taken = plan.take(NOW)
    assert hosts(taken["upstream/u1"]) == ["10.0.0.1"]


def test_a_service_in_use_elsewhere_stays() -> None:
    plan = plan_of(application(discovered()), application(discovered(), number=2))
    plan.know("r1")
    plan.put_service(WEB, service("10.0.0.1"))
    plan.take(NOW)
    plan.drop_application("app1")
    plan.take(NOW)
    assert plan.services() == {WEB}
    plan.put_service(WEB, service("10.0.0.2"))
    assert plan.take(NOW).keys() == {"upstream/u2"}


def test_what_is_published_stays_until_something_says_otherwise() -> None:
    first = plan_of(application(discovered()), application(static("10.9.9.9"), number=2))
    first.know("r1")
    first.put_service(WEB, service("10.0.0.1", observed_at=1))
    published = {key: one for key, one in first.take(NOW).items() if one is not None}
    second = Plan()
    second.inherit(published)
    second.put_application(application(discovered()))
    second.drop_strangers()
    assert second.take(NOW) == {"route/a2": None, "upstream/u2": None}
    second.put_service(WEB, service("10.0.0.1", observed_at=99))
    second.know("r1")
    assert second.take(NOW) == {}, "seen later, and the same"
    second.know("r1")
    second.put_service(WEB, None)
    assert hosts(second.take(NOW)["upstream/u1"]) == []


def test_a_registry_that_is_not_followed_any_more_is_not_known() -> None:
    plan = plan_of(application(discovered()))
    plan.know("r1")
    plan.put_service(WEB, service("10.0.0.1"))
    plan.take(NOW)
    plan.put_application(application(static("10.9.9.9")))
    assert plan.registries() == frozenset()
    plan.forget("r1")
    plan.take(NOW)
    plan.put_application(application(discovered()))
    assert plan.take(NOW) == {}, "until r1 is read, what there was"
    plan.know("r1")
    assert hosts(plan.take(NOW)["upstream/u1"]) == []


@pytest.mark.parametrize("users", [1, 3])
def test_a_changed_service_compiles_its_users_only(
    users: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = Plan()
    for number in range(100):
        name = "web" if number < users else f"s{number}"
        plan.put_application(application(discovered(service=name), number=number))
    plan.know("r1")
    plan.take(NOW)
    calls: list[str] = []
    real = upstreams.upstream

    def counting(spec: object, *rest: object, **fields: object) -> wire.Upstream:
        calls.append(spec.id)  # type: ignore[attr-defined]
        return real(spec, *rest, **fields)  # type: ignore[arg-type]

    monkeypatch.setattr(upstreams, "upstream", counting)
    plan.put_service(WEB, service("10.0.0.1"))
    assert len(plan.take(NOW)) == users
    assert sorted(calls) == [f"u{number}" for number in range(users)]
    plan.put_service(("r1", "shop/stranger"), service("10.0.0.1"))
    assert plan.take(NOW) == {}
    assert len(calls) == users
