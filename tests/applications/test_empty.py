"""R16 against real feeds and rows: explicit empty, absent and never read are three things, and what
an upstream does without a node is its own to say."""

from __future__ import annotations

import time
from typing import Any

import pytest

from applications import actions, standing
from applications.models import Application
from console.contract import keys, wire
from console.models import ControlPlane
from console.redis import Client
from registries import health
from tests.applications.conftest import Compiled, Compiling, Discovered
from tests.factories import make_api, make_application, make_member, make_registry
from tests.threads import eventually

WEB = "apisix/httpbin"
THREE = ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
KEEP = {"on_empty": "keep", "keep_for": 4}  # seconds: enough to look at what is kept


def published(registry: Discovered, name: str = "shop", **fields: Any) -> Application:
    application = make_application(registry=registry.row, name=name, **fields)
    make_api(application=application, name="main")
    return application


def upstream(compiled: Compiled, name: str = "shop") -> wire.Upstream:
    [found] = [
        one
        for one in compiled.resources().values()
        if isinstance(one, wire.Upstream) and one.name == f"{name}/default"
    ]
    return found


def nodes(compiled: Compiled, name: str = "shop") -> list[str]:
    return compiled.hosts().get(f"{name}/default", [])


def millis() -> float:
    return time.time() * 1000


@pytest.mark.parametrize("end", ["scaled to zero", "deleted"])
def test_fail_three_to_none_to_three(compiling: Compiling, registry: Discovered, end: str) -> None:
    registry.put(WEB, *THREE)
    published(registry)
    with compiling() as compiled:
        eventually(lambda: nodes(compiled) == THREE)
        registry.drop(WEB) if end == "deleted" else registry.put(WEB)
        eventually(lambda: nodes(compiled) == [])
        registry.put(WEB, *THREE)
        eventually(lambda: nodes(compiled) == THREE)


@pytest.mark.parametrize("end", ["scaled to zero", "deleted"])
def test_keep_three_to_none_to_three(compiling: Compiling, registry: Discovered, end: str) -> None:
    registry.put(WEB, *THREE)
    published(registry, upstream=KEEP)
    with compiling() as compiled:
        eventually(lambda: nodes(compiled) == THREE)
        began = int(millis())
        registry.drop(WEB) if end == "deleted" else registry.put(WEB)
        eventually(lambda: upstream(compiled).kept_until > 0)
        found = upstream(compiled)
        assert [node.host for node in found.nodes] == THREE
        assert began <= found.kept_since <= millis()
        assert found.kept_until == found.kept_since + 4_000
        registry.put(WEB, "10.0.0.4")
        eventually(lambda: nodes(compiled) == ["10.0.0.4"])
        assert upstream(compiled).kept_until == 0


@pytest.mark.slow
def test_kept_nodes_go_when_they_are_due(
    compiling: Compiling,
    registry: Discovered,
    store: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not a round of the loop later: the loop waits no longer than until then."""
    monkeypatch.setattr("applications.follower._WAIT", 4.0)
    registry.put(WEB, *THREE)
    published(registry, upstream=KEEP)
    with compiling() as compiled:
        eventually(lambda: nodes(compiled) == THREE)
        registry.put(WEB)
        eventually(lambda: upstream(compiled).kept_until > 0)
        until = upstream(compiled).kept_until
        time.sleep(max(0.0, until - 100 - millis()) / 1000)
        registry.put("apisix/stranger")  # the loop turns once and would wait long
        eventually(lambda: nodes(compiled) == [])
        [(_id, entry)] = store.xrevrange(compiled.feed.changes, count=1)
        assert 0 <= int(entry[b"at"]) - until < 3_000, "the next round"
        assert upstream(compiled).kept_until == 0


@pytest.mark.slow
def test_a_deleted_namespace(compiling: Compiling, registry: Discovered) -> None:
    others = {"shop/web": "10.0.1.1", "shop/api": "10.0.1.2"}
    for name, address in others.items():
        registry.put(name, address)
    registry.put(WEB, *THREE)
    published(registry, "stays", upstream=KEEP)
    for name, policy in (("web", {}), ("api", KEEP)):
        member = make_member(registry.row, namespace="shop", service=name)
        published(registry, name, members=[member], upstream=policy)
    with compiling() as compiled:
        eventually(lambda: (nodes(compiled, "web"), nodes(compiled, "api")) != ([], []))
        registry.writer.commit(dict.fromkeys(others))
        eventually(lambda: nodes(compiled, "web") == [])
        assert nodes(compiled, "api") == ["10.0.1.2"]
        eventually(lambda: nodes(compiled, "api") == [])
        assert nodes(compiled, "stays") == THREE
        assert upstream(compiled, "stays").kept_until == 0


@pytest.mark.slow
@pytest.mark.parametrize("policy", [{}, KEEP], ids=["fail", "keep"])
def test_never_read_is_not_empty_and_empty_is_not_absent(
    policy: dict[str, Any], compiling: Compiling, plane: ControlPlane, store: Client
) -> None:
    registries = {
        name: Discovered(store, make_registry(control_plane=plane, name=name))
        for name in ("unread", "empty", "absent")
    }
    for name, one in registries.items():
        one.put(WEB, *THREE)
        published(one, name, upstream=policy)
    with compiling() as compiled:
        eventually(lambda: set(map(len, compiled.hosts().values())) == {3})
    unread = registries["unread"].row
    store.delete(*keys.feed(keys.registry(str(unread.pk))).all())
    registries["empty"].put(WEB)
    registries["absent"].drop(WEB)
    for one in (registries["empty"].row, registries["absent"].row):
        health.write(store, str(one.pk), health.Status(phase="connected", said_at=int(millis())))
    said = {
        name: standing.of_members([make_member(one.row)])[0].reason
        for name, one in registries.items()
    }
    assert said == {
        "unread": "The registry “unread” has not been read yet.",
        "empty": "The service has no endpoints: no pod is behind it.",
        "absent": "No service apisix/httpbin with endpoints is known.",
    }
    with compiling() as compiled:
        if policy:
            eventually(lambda: upstream(compiled, "empty").kept_until > 0)
            assert nodes(compiled, "empty") == nodes(compiled, "absent") == THREE
        for name in ("empty", "absent"):
            eventually(lambda name=name: nodes(compiled, name) == [])
        time.sleep(0.3)
        assert nodes(compiled, "unread") == THREE, "a failed read never removes a node"
        assert upstream(compiled, "unread").kept_until == 0, "and no clock runs"
        Discovered(store, unread).put("apisix/other", "10.0.0.9")
        if policy:  # now it is known that there is no such service
            eventually(lambda: upstream(compiled, "unread").kept_until > 0)
        eventually(lambda: nodes(compiled, "unread") == [])


@pytest.mark.slow
def test_the_clock_outlives_the_workers(compiling: Compiling, registry: Discovered) -> None:
    registry.put(WEB, *THREE)
    published(registry, upstream=KEEP | {"keep_for": 6})
    with compiling() as compiled:
        eventually(lambda: nodes(compiled) == THREE)
        registry.put(WEB)
        eventually(lambda: upstream(compiled).kept_until > 0)
        first = upstream(compiled)
    for _ in range(3):
        with compiling() as compiled:
            time.sleep(0.3)
            assert upstream(compiled) == first
    with compiling() as compiled:
        eventually(lambda: nodes(compiled) == [])
        assert 0 <= millis() - first.kept_until < 5_000


def test_an_edit_is_no_outage(compiling: Compiling, registry: Discovered) -> None:
    registry.put(WEB, *THREE)
    registry.put("apisix/other")
    application = published(registry, upstream=KEEP | {"keep_for": 600})
    row = application.upstreams.get()
    with compiling() as compiled:
        eventually(lambda: nodes(compiled) == THREE)
        both = [make_member(registry.row), make_member(registry.row, service="other")]
        registry.put(WEB)
        eventually(lambda: upstream(compiled).kept_until > 0)
        first = upstream(compiled)
        actions.change_upstream(upstream=row, members=both, actor=None)
        eventually(lambda: len(upstream(compiled).origins) == 2)
        assert upstream(compiled).nodes == first.nodes
        assert upstream(compiled).kept_until == first.kept_until
        row.keep_for = 60
        actions.change_upstream(upstream=row, actor=None)
        eventually(lambda: upstream(compiled).kept_until == first.kept_since + 60_000)
        actions.change_upstream(
            upstream=row, members=[make_member(registry.row, service="other")], actor=None
        )
        eventually(lambda: nodes(compiled) == [])
