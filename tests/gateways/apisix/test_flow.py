"""What a driver does to an APISIX: the same for the stand-in and for the real one that
``APISIX_ADMIN_URL=… script/test --apisix`` names."""

from __future__ import annotations

from console.contract import keys
from gateways import drivers
from tests.threads import eventually

from . import worlds
from .target import Target, emptied, filled, settled


def test_what_is_given_is_there(target: Target) -> None:
    world = worlds.shops(2)
    done = target.started().replace(world)
    assert (done.written, done.refused) == (4, {})
    assert target.documents() == target.preview(world)


def test_one_that_takes_a_document_is_said_to_be_busy_with_it(target: Target) -> None:
    driver = target.started()
    assert bool(driver.replace(worlds.shops(2)).rest) == (target.mode != "admin")
    assert bool(driver.apply(worlds.upstream(0, nodes=1)).rest) == (target.mode != "admin")
    assert driver.apply(worlds.upstream(0, nodes=1)).rest == 0, "nothing was written"


def test_every_example_is_taken_and_read_back_as_it_was_said(target: Target) -> None:
    world = worlds.examples()
    done = filled(target.started(), world)
    assert done.refused == {}
    assert target.documents() == target.preview(world)


def test_upstreams_of_the_discovery_module_are_taken(target: Target) -> None:
    world = worlds.upstream(0) | worlds.route(0)
    assert target.started(discovery="portolan").replace(world).refused == {}
    (body,) = [one for name, one in target.documents().items() if name.startswith("upstreams/")]
    assert body["service_name"] == "u0"
    assert "nodes" not in body


def test_a_service_is_scaled(target: Target) -> None:
    driver = target.started()
    driver.replace(worlds.upstream(0, nodes=3) | worlds.route(0))
    for nodes in (5, 0, 3):
        assert driver.apply(worlds.upstream(0, nodes=nodes)).written == 1
        (body,) = [one for name, one in target.documents().items() if "nodes" in one]
        assert len(body["nodes"]) == nodes


def test_what_did_not_change_is_not_written(target: Target) -> None:
    world = worlds.examples()
    driver = target.started()
    filled(driver, world)
    assert driver.apply(world).written == 0
    assert driver.replace(world).written == 0
    # Another process learns what is there.
    assert target.started().replace(world).written == 0


def test_what_went_goes(target: Target) -> None:
    driver = target.started()
    driver.replace(worlds.shops(2))
    done = driver.apply({keys.route("r0"): None, keys.upstream("u0"): None})
    assert done.refused == {}
    eventually(lambda: settled(driver), what="the upstream to go")
    assert target.documents() == target.preview(worlds.upstream(1) | worlds.route(1))


def test_orphans_of_ours_go_and_what_others_have_stays(target: Target) -> None:
    prefix = target.settings["id_prefix"]
    target.started().replace(worlds.shops(2))
    theirs = {
        "id": f"{prefix}theirs",
        "type": "roundrobin",
        "nodes": [{"host": "10.9.9.9", "port": 80, "weight": 1, "priority": 0}],
        "labels": {"team": "red"},
    }
    target.put_foreign("upstreams", theirs)
    try:
        driver = target.started()
        driver.replace(worlds.shops(1))
        eventually(lambda: settled(driver), what="the orphans to go")
        assert target.documents() == target.preview(worlds.shops(1))
        found = target.foreign("upstreams", f"{prefix}theirs")
        assert found is not None
        assert {name: found[name] for name in theirs} == theirs
    finally:
        target.delete("upstreams", f"{prefix}theirs")


def test_two_control_planes_on_one_apisix_leave_each_other_alone(target: Target) -> None:
    prefix = target.settings["id_prefix"]
    one, other = worlds.upstream(0), worlds.upstream(1)
    longer = target.settings | {"id_prefix": f"{prefix}b-"}
    target.started().replace(one)
    second = target.started(id_prefix=f"{prefix}b-")
    second.replace(other)
    # Its prefix begins like the other's, and still these are not its orphans.
    first = target.started()
    first.replace(one)
    reader = drivers.reader("apisix", longer, target.secret)
    try:
        assert reader.documents() == drivers.preview("apisix", longer, other).documents
    finally:
        reader.close()
        filled(target.started(id_prefix=f"{prefix}b-"), {})


def test_a_change_of_one_service_is_one_write(target: Target) -> None:
    driver = target.started()
    filled(driver, worlds.shops(30))
    assert driver.apply(worlds.upstream(7, nodes=4)).written == 1
    assert driver.apply(worlds.upstream(7, nodes=4)).written == 0


def test_a_route_that_gets_another_upstream_is_written_after_it(target: Target) -> None:
    driver = target.started()
    driver.replace(worlds.shops(1))
    done = driver.apply(
        worlds.route(0, upstream="u9") | worlds.upstream(9) | {keys.upstream("u0"): None}
    )
    assert done.refused == {}
    upstreams = {
        one["upstream_id"] for name, one in target.documents().items() if name.startswith("routes")
    }
    assert upstreams == {f"{target.settings['id_prefix']}u9"}


def test_what_cannot_be_expressed_is_named_and_the_others_go_out(target: Target) -> None:
    driver = target.started()
    done = driver.replace(worlds.shops(2) | worlds.upstream(0, balance="oracle"))
    assert "oracle" in done.refused[keys.upstream("u0")]
    names = {name.rpartition("-")[2] for name in target.documents()}
    assert {"u1", "r1"} <= names
    assert "u0" not in names


def test_an_upstream_that_cannot_be_expressed_any_more_keeps_its_last_form(target: Target) -> None:
    target.started().replace(worlds.shops(1))
    driver = target.started()
    bad = worlds.upstream(0, balance="oracle")
    assert keys.upstream("u0") in driver.replace(worlds.shops(1) | bad).refused
    assert keys.upstream("u0") in driver.apply(bad).refused
    assert target.documents() == target.preview(worlds.shops(1))
    assert driver.apply(worlds.upstream(0, nodes=1)).refused == {}


def test_what_nobody_can_read_stays_as_it_is(target: Target) -> None:
    unreadable = {keys.upstream("u1"), keys.route("r1")}
    target.started().replace(worlds.shops(2))
    driver = target.started()
    driver.replace(worlds.shops(1), keep=unreadable)
    assert target.documents() == target.preview(worlds.shops(2))
    driver.apply(worlds.upstream(0, nodes=1))
    assert target.documents().keys() == target.preview(worlds.shops(2)).keys()
    driver.apply(dict.fromkeys(unreadable))
    assert target.documents().keys() == target.preview(worlds.shops(1)).keys()


def test_an_object_that_apisix_refuses_is_named_and_the_others_go_out(answering: Target) -> None:
    driver = answering.started()
    done = driver.replace(worlds.shops(3) | worlds.refused_by_apisix(1))
    assert done.refused.keys() == {keys.route("r1")}
    assert "shop/1" in done.refused[keys.route("r1")]
    assert "block_rules" in done.refused[keys.route("r1")]
    assert len(answering.documents()) == 5
    # Put right, it goes out, and is no longer named.
    assert driver.apply(worlds.route(1)).refused == {}
    assert answering.documents() == answering.preview(worlds.shops(3))


def test_an_edit_that_apisix_refuses_leaves_the_last_good_form(answering: Target) -> None:
    driver = answering.started()
    driver.replace(worlds.shops(2))
    done = driver.apply(worlds.refused_by_apisix(1) | worlds.upstream(0, nodes=4))
    assert done.refused.keys() == {keys.route("r1")}
    after = worlds.shops(2) | worlds.upstream(0, nodes=4)
    assert answering.documents() == answering.preview(after)
    # Named also where nothing of it changes.
    assert driver.apply(worlds.upstream(0, nodes=2)).refused.keys() == {keys.route("r1")}


def test_it_tells_what_it_was_given(target: Target) -> None:
    driver = target.started()
    driver.replace(worlds.shops(3))
    told = driver.describe()
    assert (told["mode"], told["resources"], told["refused"]) == (target.mode, 6, 0)
    assert not target.secret or target.secret not in repr(told)


def test_a_gateway_that_still_has_everything_is_left_alone(target: Target) -> None:
    driver = target.started()
    driver.touch()
    driver.replace(worlds.shops(2))
    for _ in range(5):
        driver.touch()
    assert target.documents() == target.preview(worlds.shops(2))


def test_a_check_finds_nothing_wrong(target: Target) -> None:
    found = drivers.check("apisix", target.settings, target.secret)
    assert [one for one in found if not one.ok] == []
    assert target.documents() == {}


def test_a_target_is_left_as_it_was_found(target: Target) -> None:
    """A driver brings a few objects at a time."""
    filled(target.started(), worlds.shops(20))
    assert len(target.documents()) == 40
    emptied(target)
    assert target.documents() == {}
