"""Two drivers of one APISIX, of which one does not know yet that the other has taken over."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from console.contract import keys
from gateways.drivers.apisix import mark
from gateways.drivers.apisix.admin import Api
from gateways.drivers.apisix.fence import Fence
from gateways.drivers.base import Driver, DriverError, Outlived, Served
from tests.threads import eventually

from . import worlds
from .conftest import server_of
from .target import Target, filled, settled

MARK = "portolan-.driver"


def of(target: Target, epoch: int, world: worlds.World) -> Driver:
    driver = target.driver()
    driver.start(epoch=epoch)
    filled(driver, world)
    return driver


def test_an_outlived_driver_writes_nothing_more_and_says_why(target: Target) -> None:
    older = of(target, 5, worlds.shops(2))
    newer = of(target, 6, worlds.shops(2))
    before = target.documents()
    deeds: tuple[Callable[[], object], ...] = (
        lambda: older.apply(worlds.upstream(0, nodes=5)),
        lambda: older.apply({keys.route("r1"): None}),
        lambda: older.replace(worlds.shops(3)),
        older.touch,
        lambda: older.start(epoch=5),
    )
    for deed in deeds:
        with pytest.raises(Outlived, match=r"newer driver \(epoch 6\)") as caught:
            deed()
        assert (caught.value.code, caught.value.epoch) == ("fenced", 6)
    assert target.documents() == before
    assert newer.apply(worlds.upstream(0, nodes=3)).written == 1
    newer.touch()


def test_a_driver_that_begins_again_is_not_outlived(target: Target) -> None:
    driver = of(target, 5, worlds.shops(1))
    driver.start(epoch=5)
    assert driver.replace(worlds.shops(1)).written == 0
    driver.touch()
    assert target.documents() == target.preview(worlds.shops(1))


def test_the_mark_is_no_object_of_ours(answering: Target) -> None:
    """It is not compared, and does not go as an orphan."""
    prefix = answering.settings["id_prefix"]
    driver = of(answering, 5, worlds.shops(1))
    name = mark.name_of(prefix).partition("/")[2]
    assert answering.foreign("upstreams", name)
    assert answering.documents() == answering.preview(worlds.shops(1))
    filled(driver, {})
    assert settled(driver)
    assert answering.documents() == {}
    assert mark.epoch_of(answering.foreign("upstreams", name)) == 5
    reader = answering.reader()
    try:
        eventually(lambda: reader.served() in (None, Served({})), what="its workers to hear of it")
    finally:
        reader.close()


def test_drivers_of_two_gateways_do_not_shut_out_each_other(answering: Target) -> None:
    prefix = answering.settings["id_prefix"]
    one = of(answering, 5, worlds.shops(1))
    other = answering.driver(id_prefix=f"{prefix}b-")
    other.start(epoch=9)
    try:
        if answering.mode == "admin":
            assert one.apply(worlds.upstream(0, nodes=5)).written == 1
            one.touch()
    finally:
        answering.delete("upstreams", mark.name_of(f"{prefix}b-").partition("/")[2])


# -- with etcd


def test_looking_costs_one_small_question(admin: Target) -> None:
    driver = of(admin, 5, worlds.shops(20))
    server_of(admin).requests.clear()
    driver.apply(worlds.upstream(7, nodes=5))
    assert server_of(admin).requests == [
        ("GET", f"/apisix/admin/upstreams/{MARK}"),
        ("PUT", "/apisix/admin/upstreams/portolan-u7"),
    ]
    server_of(admin).requests.clear()
    driver.apply(worlds.upstream(7, nodes=5))
    assert server_of(admin).requests == []


def test_who_slept_in_the_middle_of_a_turn_looks_again(admin: Target) -> None:
    now = 100.0
    fence = Fence("portolan-", clock=lambda: now)
    api = Api(admin.settings["admin_url"], admin.secret)
    fence.take(api, 5)
    fence.prove(api)
    of(admin, 6, {})
    fence.hold(api)
    now += 1
    with pytest.raises(Outlived):
        fence.hold(api)


def test_what_slips_through_is_put_right(admin: Target) -> None:
    """Between a look and the writing after it another driver takes over."""
    older = of(admin, 5, worlds.shops(2))
    newer: list[Driver] = []
    server_of(admin).meanwhile = lambda: newer.append(of(admin, 6, worlds.shops(2)))
    older.apply(worlds.upstream(0, nodes=9))
    assert admin.documents() != admin.preview(worlds.shops(2))
    newer[0].touch()
    assert admin.documents() == admin.preview(worlds.shops(2))


@pytest.mark.parametrize("found", [0, 4])
def test_a_mark_that_is_not_ours_any_more(admin: Target, found: int) -> None:
    """As two drivers began at once, or etcd was restored from a backup."""
    driver = of(admin, 5, worlds.shops(1))
    admin.put_foreign("upstreams", mark.made("portolan-", found))
    for deed in (driver.touch, lambda: driver.apply(worlds.upstream(0, nodes=5))):
        with pytest.raises(DriverError) as caught:
            deed()
        assert (caught.value.code, caught.value.permanent) == ("changed", False)
    driver.start(epoch=5)
    driver.touch()
    assert mark.epoch_of(admin.foreign("upstreams", MARK)) == 5


def test_an_emptied_etcd_is_noticed_though_nothing_was_there(admin: Target) -> None:
    driver = of(admin, 5, {})
    driver.touch()
    server_of(admin).objects["upstreams"].clear()
    with pytest.raises(DriverError) as caught:
        driver.touch()
    assert caught.value.code == "emptied"


def test_release_2_15_takes_the_mark(admin: Target) -> None:
    server = server_of(admin)
    server.legacy, server.server = True, "APISIX/2.15.3"
    older, newer = admin.driver(release="2.15"), admin.driver(release="2.15")
    older.start(epoch=5)
    newer.start(epoch=6)
    with pytest.raises(Outlived):
        older.replace(worlds.shops(1))


# -- in memory


@pytest.mark.parametrize("more", [{}, worlds.route(0, methods=("GET",))], ids=["one", "both"])
def test_a_writing_that_is_on_its_way_is_refused(standalone: Target, more: worlds.World) -> None:
    """Be it of one kind or of both."""
    older = of(standalone, 5, worlds.shops(2))
    server_of(standalone).meanwhile = lambda: of(standalone, 6, worlds.shops(2)) and None
    with pytest.raises(Outlived):
        older.apply(worlds.upstream(0, nodes=9) | more)
    assert standalone.documents() == standalone.preview(worlds.shops(2))


def test_nothing_is_sent_before_all_is_known(standalone: Target) -> None:
    """An APISIX that was restarted empty would have to serve it."""
    driver = standalone.driver()
    driver.start(epoch=5)
    driver.touch()
    assert server_of(standalone).writes() == []
    filled(driver, worlds.shops(1))
    assert len(server_of(standalone).writes()) == 1
    assert mark.epoch_of(standalone.foreign("upstreams", MARK)) == 5


def test_an_older_driver_may_write_until_the_newer_one_does(standalone: Target) -> None:
    older = of(standalone, 5, worlds.shops(1))
    newer = standalone.driver()
    newer.start(epoch=6)
    older.apply(worlds.upstream(0, nodes=5))
    with pytest.raises(DriverError) as caught:
        newer.replace(worlds.shops(1))
    assert caught.value.code == "changed"
    newer.start(epoch=6)
    newer.replace(worlds.shops(1))
    with pytest.raises(Outlived):
        older.apply(worlds.upstream(0, nodes=6))
    assert standalone.documents() == standalone.preview(worlds.shops(1))


@pytest.mark.parametrize("more", [{}, worlds.refused_by_apisix(1)], ids=["equal", "refused"])
def test_one_that_has_nothing_to_write_shuts_out_too(
    standalone: Target, more: worlds.World
) -> None:
    older = of(standalone, 5, worlds.shops(2))
    routes = {**worlds.shops(2), **more}
    newer = standalone.driver()
    newer.start(epoch=6)
    assert newer.replace(routes).written == 0
    with pytest.raises(Outlived):
        older.apply(worlds.upstream(0, nodes=5))
    newer.touch()


def test_routes_and_upstreams_of_others_stay_when_a_driver_takes_over(standalone: Target) -> None:
    theirs = {"id": "theirs", "type": "roundrobin", "nodes": []}
    of(standalone, 5, worlds.shops(1))
    standalone.put_foreign("upstreams", theirs)
    standalone.put_foreign("routes", {"id": "r", "uri": "/x", "upstream_id": "theirs"})
    of(standalone, 6, worlds.shops(1))
    assert standalone.foreign("upstreams", "theirs") == theirs
    assert standalone.foreign("routes", "r")
    marks = [one for one in server_of(standalone).all("upstreams") if one == MARK]
    assert len(marks) == 1
    assert mark.epoch_of(standalone.foreign("upstreams", MARK)) == 6
