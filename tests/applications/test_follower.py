"""The compiler against real feeds and rows: what a team does is in the control plane's feed."""

from __future__ import annotations

import time

from applications import actions
from applications.models import Application
from console import actions as console_actions
from console.contract import keys
from console.models import ControlPlane
from console.redis import Client
from tests.applications.conftest import Compiled, Compiling, Discovered
from tests.factories import make_api, make_application, make_member, make_registry
from tests.threads import eventually

WEB = "apisix/httpbin"


def published(registry: Discovered, name: str, **fields: object) -> Application:
    application = make_application(registry=registry.row, name=name, **fields)
    make_api(application=application, name="main")
    return application


def test_an_empty_control_plane_is_published_as_empty(compiling: Compiling) -> None:
    with compiling() as compiled:
        eventually(lambda: compiled.seq == 1)
        assert compiled.resources() == {}


def test_publishing_editing_unpublishing_deleting(
    compiling: Compiling, registry: Discovered
) -> None:
    registry.put(WEB, "10.0.0.1")
    with compiling() as compiled:
        eventually(lambda: compiled.seq == 1)
        application = published(registry, "shop")
        eventually(lambda: compiled.hosts() == {"shop/default": ["10.0.0.1"]})
        assert compiled.routes().keys() == {"shop/main"}

        application.hosts = ["new.example.org"]
        actions.change_application(application=application, actor=None)
        eventually(lambda: compiled.routes()["shop/main"].hosts == ("new.example.org",))
        assert compiled.hosts() == {"shop/default": ["10.0.0.1"]}, "an edit costs no node"

        other = make_api(application=application, name="other", published=False)
        assert compiled.routes().keys() == {"shop/main"}
        actions.publish_api(api=other, actor=None)
        eventually(lambda: compiled.routes().keys() == {"shop/main", "shop/other"})
        assert compiled.hosts() == {"shop/default": ["10.0.0.1"]}
        actions.unpublish_api(api=other, actor=None)
        eventually(lambda: compiled.routes().keys() == {"shop/main"})

        actions.unpublish_application(application=application, actor=None)
        eventually(lambda: compiled.resources() == {})
        actions.publish_application(application=application, actor=None)
        eventually(lambda: compiled.hosts() == {"shop/default": ["10.0.0.1"]})
        for api in application.apis.all():
            actions.delete_api(api=api, actor=None)
        actions.delete_application(application=application, actor=None)
        eventually(lambda: compiled.resources() == {})


def test_follows_the_services_that_are_used(compiling: Compiling, registry: Discovered) -> None:
    registry.put(WEB, "10.0.0.1")
    published(registry, "shop")
    with compiling() as compiled:
        eventually(lambda: compiled.hosts() == {"shop/default": ["10.0.0.1"]})
        seq = compiled.seq
        registry.put("apisix/stranger", "10.9.9.9")
        registry.put(WEB, "10.0.0.1", observed_at=9)
        registry.put(WEB, "10.0.0.1", "10.0.0.2")
        eventually(lambda: compiled.hosts() == {"shop/default": ["10.0.0.1", "10.0.0.2"]})
        assert compiled.seq == seq + 1
        registry.put(WEB)
        eventually(lambda: compiled.hosts() == {"shop/default": []})
        registry.put(WEB, "10.0.0.3")
        eventually(lambda: compiled.hosts() == {"shop/default": ["10.0.0.3"]})
        registry.drop(WEB)
        eventually(lambda: compiled.hosts() == {"shop/default": []})


def test_two_services_and_a_new_registry(
    compiling: Compiling, registry: Discovered, plane: ControlPlane, store: Client
) -> None:
    registry.put(WEB, "10.0.0.1")
    registry.put("apisix/other", "10.0.1.1")
    application = published(registry, "shop")
    with compiling() as compiled:
        eventually(lambda: compiled.hosts() == {"shop/default": ["10.0.0.1"]})
        second = Discovered(store, make_registry(control_plane=plane))
        second.put(WEB, "10.2.0.1")
        members = [
            make_member(registry.row),
            make_member(registry.row, service="other"),
            make_member(second.row),
        ]
        upstream = application.upstreams.get()
        actions.change_upstream(upstream=upstream, members=members, actor=None)
        expected = ["10.0.0.1", "10.0.1.1", "10.2.0.1"]
        eventually(lambda: compiled.hosts() == {"shop/default": expected})
        second.put(WEB, "10.2.0.2")
        expected[-1] = "10.2.0.2"
        eventually(lambda: compiled.hosts() == {"shop/default": expected})
        upstream.refresh_from_db()
        actions.change_upstream(
            upstream=upstream, members=[make_member(registry.row, service="other")], actor=None
        )
        eventually(lambda: compiled.hosts() == {"shop/default": ["10.0.1.1"]})


def test_a_registry_that_was_never_read_costs_no_nodes(
    compiling: Compiling, registry: Discovered, store: Client
) -> None:
    registry.put(WEB, "10.0.0.1")
    published(registry, "shop")
    with compiling() as compiled:
        eventually(lambda: compiled.hosts() == {"shop/default": ["10.0.0.1"]})
    store.delete(*keys.feed(keys.registry(str(registry.row.pk))).all())
    with compiling() as compiled:
        time.sleep(0.3)
        assert compiled.hosts() == {"shop/default": ["10.0.0.1"]}
        again = Discovered(store, registry.row)
        again.put(WEB, "10.0.0.2")
        eventually(lambda: compiled.hosts() == {"shop/default": ["10.0.0.2"]})


def test_a_first_commit_waits_for_registries_but_not_for_ever(
    compiling: Compiling, registry: Discovered, plane: ControlPlane, store: Client
) -> None:
    published(registry, "shop")
    with compiling() as compiled:
        time.sleep(0.3)
        assert compiled.seq == 0
        registry.put(WEB, "10.0.0.1")
        eventually(lambda: compiled.hosts() == {"shop/default": ["10.0.0.1"]})
        assert compiled.seq == 1
    store.flushdb()
    with compiling() as compiled:
        took = eventually(lambda: compiled.hosts() == {"shop/default": []})
        assert took > 0.5


def test_an_emptied_redis_is_filled_again(
    compiling: Compiling, registry: Discovered, store: Client
) -> None:
    registry.put(WEB, "10.0.0.1")
    published(registry, "shop")
    with compiling() as compiled:
        eventually(lambda: compiled.hosts() == {"shop/default": ["10.0.0.1"]})
        store.flushdb()
        eventually(lambda: compiled.hosts() == {"shop/default": ["10.0.0.1"]})
        Discovered(store, registry.row).put(WEB, "10.0.0.2")
        eventually(lambda: compiled.hosts() == {"shop/default": ["10.0.0.2"]})


def test_a_state_that_cannot_be_read_harms_nobody_else(
    compiling: Compiling, registry: Discovered
) -> None:
    registry.put(WEB, "10.0.0.1")
    registry.put("apisix/other", "10.0.1.1")
    published(registry, "shop")
    second = make_application(
        registry=registry.row, name="bank", members=[make_member(registry.row, service="other")]
    )
    make_api(application=second, name="main")
    both = {"shop/default": ["10.0.0.1"], "bank/default": ["10.0.1.1"]}
    with compiling() as compiled:
        eventually(lambda: compiled.hosts() == both)
        registry.writer.commit({WEB: b"nonsense"})
        registry.put("apisix/other", "10.0.1.2")
        both["bank/default"] = ["10.0.1.2"]
        eventually(lambda: compiled.hosts() == both)


def test_a_resource_that_cannot_be_read_is_replaced_or_removed(
    compiling: Compiling, registry: Discovered, store: Client
) -> None:
    registry.put(WEB, "10.0.0.1")
    published(registry, "shop")
    with compiling() as compiled:
        eventually(lambda: compiled.hosts() == {"shop/default": ["10.0.0.1"]})
        kept = compiled.resources()
    for key in kept:
        store.hset(compiled.feed.states, key, "nonsense")
    store.hset(compiled.feed.states, "route/stranger", "nonsense")
    with compiling() as compiled:
        eventually(lambda: not store.hexists(compiled.feed.states, "route/stranger"))
        assert compiled.resources().keys() == kept.keys()
        assert compiled.hosts() == {"shop/default": ["10.0.0.1"]}


def test_taking_over_without_a_change_writes_nothing(
    compiling: Compiling, registry: Discovered, store: Client
) -> None:
    registry.put(WEB, "10.0.0.1")
    published(registry, "shop")
    with compiling() as compiled:
        eventually(lambda: compiled.hosts() == {"shop/default": ["10.0.0.1"]})
        seq = compiled.seq
    with compiling() as compiled:
        time.sleep(0.3)
        assert compiled.seq == seq


def test_what_went_while_nobody_compiled_is_removed(
    compiling: Compiling, registry: Discovered
) -> None:
    registry.put(WEB, "10.0.0.1")
    application = published(registry, "shop")
    with compiling() as compiled:
        eventually(lambda: compiled.resources() != {})
    actions.unpublish_application(application=application, actor=None)
    with compiling() as compiled:
        eventually(lambda: compiled.resources() == {})


def test_a_deleted_control_plane_leaves_nothing(
    compiling: Compiling, plane: ControlPlane, store: Client
) -> None:
    from applications.follower import Pace

    with compiling(pace=Pace(look=0.2)) as compiled:
        eventually(lambda: compiled.seq == 1)
        console_actions.delete_control_plane(control_plane=plane, actor=None)
        eventually(lambda: store.keys("*control-plane*") == [])
    assert isinstance(compiled, Compiled)
