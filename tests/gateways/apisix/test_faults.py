"""What goes wrong between a driver and the Admin API of an APISIX with etcd."""

from __future__ import annotations

import pytest

from console.contract import keys
from gateways import drivers
from gateways.drivers.base import DriverError

from . import worlds
from .conftest import server_of
from .target import Target, filled


@pytest.mark.parametrize("lost", [0, 1, 3])
def test_a_driver_killed_in_the_middle_of_a_change(admin: Target, lost: int) -> None:
    """The answer of a write is lost; the next driver finds out what became of it."""
    server = server_of(admin)
    admin.started().replace(worlds.shops(2))
    server.lose = lost
    with pytest.raises(DriverError) as caught:
        admin.started().replace(worlds.shops(5))
    assert (caught.value.code, caught.value.permanent) == ("unreachable", False)
    server.lose = -1
    again = admin.started().replace(worlds.shops(5))
    assert again.written < 6
    assert admin.documents() == admin.preview(worlds.shops(5))


def test_an_unreachable_gateway(admin: Target) -> None:
    server_of(admin).down()
    with pytest.raises(DriverError) as caught:
        admin.started()
    assert (caught.value.code, caught.value.permanent) == ("unreachable", False)


def test_a_gateway_that_comes_back(admin: Target) -> None:
    driver = admin.started()
    driver.replace(worlds.shops(1))
    server = server_of(admin)
    server.down()
    with pytest.raises(DriverError):
        driver.apply(worlds.upstream(0, nodes=3))
    server.up()
    driver.start()
    assert driver.replace(worlds.upstream(0, nodes=3) | worlds.route(0)).written == 1


def test_a_kept_connection_that_was_closed_is_made_again(admin: Target) -> None:
    driver = admin.started()
    driver.replace(worlds.shops(1))
    server = server_of(admin)
    server.down()
    server.up()
    assert driver.apply(worlds.upstream(0, nodes=3)).written == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key(admin: Target, status: int) -> None:
    server_of(admin).failing = status
    with pytest.raises(DriverError) as caught:
        admin.started()
    assert (caught.value.code, caught.value.permanent) == ("unauthorized", True)
    assert admin.secret not in str(caught.value)


def test_a_wrong_key_is_not_told(admin: Target) -> None:
    for key in ("not-this-one", "two\nlines", "schlüssel-안녕"):
        admin.secret = key
        with pytest.raises(DriverError) as caught:
            admin.started()
        assert (caught.value.code, caught.value.permanent) == ("unauthorized", True)
        assert key not in f"{caught.value!r} {caught.value.__cause__!r}"
        assert "lines" not in str(caught.value)


@pytest.mark.parametrize("status", [500, 503])
def test_a_gateway_that_fails_is_tried_again(admin: Target, status: int) -> None:
    driver = admin.started()
    server_of(admin).failing = status
    with pytest.raises(DriverError) as caught:
        driver.replace(worlds.shops(1))
    assert (caught.value.code, caught.value.permanent) == ("answer", False)


def test_an_emptied_etcd_is_noticed_and_filled(admin: Target) -> None:
    driver = admin.started()
    driver.replace(worlds.shops(2))
    server = server_of(admin)
    for kind in ("routes", "upstreams"):
        server.objects[kind].clear()
    with pytest.raises(DriverError) as caught:
        driver.touch()
    assert (caught.value.code, caught.value.permanent) == ("emptied", False)
    driver.start()
    driver.replace(worlds.shops(2))
    assert admin.documents() == admin.preview(worlds.shops(2))


def test_what_someone_changed_by_hand_is_set_right(admin: Target) -> None:
    driver = admin.started()
    driver.replace(worlds.shops(2))
    server_of(admin).objects["upstreams"]["portolan-u1"]["nodes"] = []
    for _ in range(4):
        driver.touch()
    assert admin.documents() == admin.preview(worlds.shops(2))


def test_what_it_refuses_as_it_is_set_right_is_named(admin: Target) -> None:
    driver = admin.started()
    driver.replace(worlds.shops(1))
    key = keys.upstream("u0")
    server = server_of(admin)
    server.objects["upstreams"]["portolan-u0"]["nodes"] = []
    server.refuses = "portolan-u0"
    assert (driver.touch() or {}).keys() == {key}
    assert driver.touch() is None, "it is known"
    server.refuses = ""
    assert driver.apply(worlds.upstream(0, nodes=3)).refused == {}


def test_an_upstream_that_its_workers_still_use_goes_a_little_later(admin: Target) -> None:
    driver = admin.started()
    driver.replace(worlds.shops(2))
    server_of(admin).lag = 1
    done = driver.apply({keys.route("r0"): None, keys.upstream("u0"): None})
    assert (done.written, done.refused) == (1, {})
    assert driver.describe()["lingering"] == 1
    driver.touch()
    assert driver.describe()["lingering"] == 0
    assert admin.documents() == admin.preview(worlds.upstream(1) | worlds.route(1))


@pytest.mark.parametrize("nodes", [2, 3], ids=["as it was", "otherwise"])
def test_an_upstream_that_lingers_may_be_wanted_again(admin: Target, nodes: int) -> None:
    driver = admin.started()
    driver.replace(worlds.shops(1))
    server_of(admin).lag = 1
    driver.apply({keys.route("r0"): None, keys.upstream("u0"): None})
    wanted = worlds.upstream(0, nodes=nodes) | worlds.route(0)
    driver.apply(wanted)
    assert driver.describe()["lingering"] == 0
    driver.touch()
    assert admin.documents() == admin.preview(wanted)


def test_a_route_waits_for_its_upstream(admin: Target) -> None:
    driver = admin.started()
    done = driver.replace(worlds.route(0) | worlds.upstream(0, balance="oracle"))
    assert done.refused.keys() == {keys.route("r0"), keys.upstream("u0")}
    assert driver.apply(worlds.upstream(0)).refused == {}
    assert admin.documents() == admin.preview(worlds.shops(1))


def test_a_list_is_asked_for_once_however_long_it_is(admin: Target) -> None:
    filled(admin.started(), worlds.shops(620))
    server_of(admin).requests.clear()
    assert admin.started().replace(worlds.shops(620)).written == 0
    assert len(server_of(admin).requests) == 2
    assert len(admin.documents()) == 1240


@pytest.mark.parametrize("services", [100, 1000])
def test_one_change_is_one_request_at_any_size(admin: Target, services: int) -> None:
    driver = admin.started()
    filled(driver, worlds.shops(services))
    server = server_of(admin)
    server.requests.clear()
    driver.apply(worlds.upstream(7, nodes=5))
    assert server.requests == [("PUT", "/apisix/admin/upstreams/portolan-u7")]
    assert server.connections <= 7


def test_what_is_unchanged_costs_no_request(admin: Target) -> None:
    driver = admin.started()
    filled(driver, worlds.shops(20))
    server_of(admin).requests.clear()
    driver.apply(worlds.shops(20))
    assert server_of(admin).requests == []


def test_with_the_discovery_module_a_change_of_nodes_costs_no_request(admin: Target) -> None:
    driver = admin.started(discovery="portolan")
    driver.replace(worlds.shops(2))
    server_of(admin).requests.clear()
    assert driver.apply(worlds.upstream(0, nodes=9)).written == 0
    assert server_of(admin).requests == []


def test_upstreams_come_before_routes_and_go_after_them(admin: Target) -> None:
    driver = admin.started()
    driver.replace(worlds.shops(1))
    driver.apply({keys.upstream("u0"): None, keys.route("r0"): None})
    assert [(method, path.split("/")[3]) for method, path in server_of(admin).writes()] == [
        ("PUT", "upstreams"),
        ("PUT", "routes"),
        ("DELETE", "routes"),
        ("DELETE", "upstreams"),
    ]


def test_release_2_15_answers_in_other_envelopes(admin: Target) -> None:
    server = server_of(admin)
    server.legacy, server.server = True, "APISIX/2.15.3"
    driver = admin.started(release="2.15")
    assert driver.replace(worlds.shops(3)).refused == {}
    driver.touch()
    assert admin.started(release="2.15").replace(worlds.shops(3)).written == 0
    assert driver.describe()["release"] == "2.15.3"


def test_an_apisix_of_another_mode_is_no_target(admin: Target, standalone: Target) -> None:
    for target, mode in ((admin, "standalone"), (standalone, "admin")):
        with pytest.raises(DriverError) as caught:
            target.started(mode=mode)
        assert (caught.value.code, caught.value.permanent) == ("mode", True)


def test_no_gateway_is_told_the_key_of_another(admin: Target) -> None:
    """The secret is in no description."""
    driver = admin.started()
    driver.replace(worlds.shops(1))
    assert admin.secret not in repr(driver.describe())
    assert admin.secret not in repr(drivers.check("apisix", admin.settings, admin.secret))


def test_a_change_overtakes_a_fill(admin: Target) -> None:
    driver = admin.started()
    left = driver.replace(worlds.shops(200)).left
    assert left > 300
    server_of(admin).requests.clear()
    done = driver.apply(worlds.upstream(150, nodes=5) | worlds.route(150, methods=("GET",)))
    assert (done.written, done.left) == (2, left - 2)
    written = [path.rpartition("-")[2] for _method, path in server_of(admin).writes()]
    assert written == ["u150", "r150"]
    filled(driver, worlds.shops(200))
    assert admin.documents() == admin.preview(worlds.shops(200))


def test_a_great_change_leaves_some_of_it(admin: Target) -> None:
    """Whoever drives proves between two turns that the gateway is still his."""
    driver = admin.started()
    filled(driver, worlds.shops(100))
    server_of(admin).requests.clear()
    some: worlds.World = {}
    for number in range(100):
        some |= worlds.upstream(number, nodes=3)
    done = driver.apply(some)
    assert len(server_of(admin).writes()) == done.written < 100
    assert done.left == 100 - done.written
