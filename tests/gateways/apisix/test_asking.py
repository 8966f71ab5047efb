"""Settings, the check, and what a reader tells."""

from __future__ import annotations

from typing import Any

import pytest

from console.contract import keys
from gateways import drivers
from gateways.drivers.base import BadSetting, DriverError, Reader

from . import worlds
from .conftest import server_of
from .target import Target


@pytest.mark.parametrize(
    ("said", "blamed"),
    [
        ({}, "admin_url"),
        ({"mode": "standalone"}, "admin_url"),
        ({"mode": "file"}, "file"),
        ({"mode": "file", "file": "apisix.yaml"}, "file"),
        ({"mode": "file", "file": "/etc/../x/apisix.yaml"}, "file"),
        ({"mode": "file", "file": "/etc/apisix.json"}, "file"),
        ({"mode": "moon"}, "mode"),
        ({"admin_url": "ftp://x"}, "admin_url"),
        ({"admin_url": "http://user:key@x:9180"}, "admin_url"),
        ({"admin_url": "http://x:9180/apisix"}, "admin_url"),
        ({"admin_url": "http://x:port"}, "admin_url"),
        ({"admin_url": "http://x", "control_url": "x"}, "control_url"),
        ({"admin_url": "http://x", "id_prefix": ""}, "id_prefix"),
        ({"admin_url": "http://x", "id_prefix": "a/b"}, "id_prefix"),
        ({"admin_url": "http://x", "id_prefix": "a" * 21}, "id_prefix"),
        ({"admin_url": "http://x", "mode": "standalone", "release": "2.15"}, "release"),
    ],
)
def test_a_setting_that_does_not_fit_is_named(said: dict[str, Any], blamed: str) -> None:
    with pytest.raises(BadSetting) as caught:
        drivers.check_settings("apisix", said)
    assert caught.value.setting == blamed


def test_a_check_that_finds_everything_right(admin: Target, standalone: Target) -> None:
    for target in (admin, standalone):
        found = drivers.check("apisix", target.settings, target.secret)
        assert [(one.step, one.ok) for one in found] == [
            ("connection", True),
            ("mode", True),
            ("writing", True),
            ("control", True),
        ]
        assert target.documents() == {}


def test_a_check_leaves_nothing_behind(admin: Target) -> None:
    drivers.check("apisix", admin.settings, admin.secret)
    assert server_of(admin).all("upstreams") == {}


def test_a_check_names_the_first_thing_that_is_wrong(admin: Target, standalone: Target) -> None:
    def last(target: Target, secret: str = "", **settings: Any) -> tuple[str, str]:
        found = drivers.check("apisix", target.settings | settings, secret or target.secret)
        assert not found[-1].ok
        assert found[-1].fix
        return found[-1].step, found[-1].setting

    for target in (admin, standalone):
        assert last(target, "wrong") == ("key", "secret")
        assert last(target, control_url="http://127.0.0.1:1") == ("control", "control_url")
    assert last(admin, mode="standalone") == ("mode", "mode")
    assert last(standalone, mode="admin") == ("mode", "mode")
    assert last(admin, release="2.15") == ("release", "release")
    server_of(admin).failing = 503
    assert last(admin) == ("connection", "admin_url")
    server_of(standalone).down()
    assert last(standalone) == ("connection", "admin_url")


def reader_of(target: Target, **settings: Any) -> Reader:
    return drivers.reader("apisix", target.settings | settings, target.secret)


@pytest.mark.parametrize("control", [True, False], ids=["control", "admin"])
@pytest.mark.parametrize("mode", ["admin", "standalone"])
def test_a_reader_tells_what_is_used(
    admin: Target, standalone: Target, mode: str, control: bool
) -> None:
    target = {"admin": admin, "standalone": standalone}[mode]
    world = worlds.shops(2) | worlds.upstream(1, nodes=0)
    world |= worlds.route(1, hosts=("a.test", "*.b.test"))
    target.put_foreign("upstreams", {"id": "theirs", "type": "roundrobin", "nodes": []})
    target.started().replace(world)
    reader = reader_of(target, **({} if control else {"control_url": ""}))
    try:
        (process,) = reader.processes()
        assert (process.hostname, process.version) == ("127.0.0.1", "3.18.0")
        served = reader.served()
        assert served is not None
        assert served.upstreams == {
            keys.upstream("u0"): ("10.0.0.1:8080", "10.0.0.2:8080"),
            keys.upstream("u1"): (),
        }
        assert served.routes == {keys.route("r0"), keys.route("r1")}
        assert reader.documents() == target.preview(world)
    finally:
        reader.close()


def test_a_reader_of_a_gateway_that_is_away(admin: Target) -> None:
    server_of(admin).down()
    reader = reader_of(admin)
    try:
        for ask in (reader.processes, reader.documents, reader.served):
            with pytest.raises(DriverError) as caught:
                ask()
            assert caught.value.code == "unreachable"
    finally:
        reader.close()
