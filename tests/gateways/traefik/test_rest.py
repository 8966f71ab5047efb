"""Pushed by REST: whole or not at all, ours alone, and there again after Traefik forgot it."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest

from console.contract.wire import Timeouts
from console.embedded import ports
from gateways import drivers
from gateways.drivers.base import Driver, DriverError
from gateways.drivers.traefik import telling
from gateways.drivers.traefik.api import Api
from gateways.drivers.traefik.rest import RestDriver
from gateways.drivers.traefik.settings import Settings
from tests.gateways.examples import route, upstream, where
from tests.threads import eventually

from .conftest import PUSHED, Running, Serve, Start, pushing
from .test_troubles import HOST, kill_amid_a_change, node

pytestmark = pytest.mark.slow


@pytest.fixture
def gateway(traefik: Start) -> Running:
    return traefik(PUSHED)


def started(gateway: Running, epoch: int = 1) -> Driver:
    driver = pushing(gateway)
    driver.start(epoch=epoch)
    return driver


def status(gateway: Running) -> int:
    return gateway.proxy.get(HOST, "/cart")[0]


def is_applied(gateway: Running, driver: Driver) -> bool:
    """Whether Traefik has what the driver would push."""
    return driver.replace(RESOURCES).written == 0


RESOURCES = {"upstream/u1": upstream(), "route/r1": route()}


def test_equal_is_silent(gateway: Running) -> None:
    driver = started(gateway)
    done = driver.replace(RESOURCES)
    assert done.written > 0
    assert done.rest > 0, "Traefik is busy with it"
    eventually(lambda: is_applied(gateway, started(gateway)), within=20)
    again = started(gateway)
    assert again.replace(RESOURCES).written == 0
    silent = again.apply(RESOURCES)
    assert (silent.written, silent.rest) == (0, 0)


def test_after_the_last_route_went_nothing_is_served(gateway: Running, serve: Serve) -> None:
    driver = started(gateway)
    driver.replace({"upstream/u1": node(serve("127.0.0.1")), "route/r1": route()})
    eventually(lambda: status(gateway) == 200, within=20)
    driver.apply({"upstream/u1": node(1, nodes=())})
    eventually(lambda: status(gateway) == 503, within=20)
    driver.apply({"upstream/u1": None, "route/r1": None})
    eventually(lambda: status(gateway) == 404, within=20)


def test_a_restarted_traefik_is_filled_again(gateway: Running, serve: Serve) -> None:
    driver = started(gateway)
    driver.replace({"upstream/u1": node(serve("127.0.0.1")), "route/r1": route()})
    eventually(lambda: status(gateway) == 200, within=20)
    gateway.stop()
    with pytest.raises(DriverError) as caught:
        driver.touch()
    assert (caught.value.code, caught.value.permanent) == ("unreachable", False)
    gateway.start()
    assert status(gateway) == 404
    driver.touch()
    eventually(lambda: status(gateway) == 200, within=20)


def test_what_traefik_is_still_busy_with_is_not_pushed_again(gateway: Running) -> None:
    """Until it uses what it was pushed it shows the mark of what it had before."""
    now = 100.0
    driver = RestDriver(Settings(provider="rest", api_url=gateway.api), "", clock=lambda: now)
    driver.start(epoch=1)
    driver.replace(RESOURCES)
    eventually(lambda: is_applied(gateway, started(gateway)), within=20)
    pushed = []
    driver._api.put = lambda path, _content: pushed.append(path)  # type: ignore[method-assign]
    now += 10
    rest = driver.apply({"route/r1": None}).rest  # of which Traefik shows nothing yet
    now += rest / 2
    driver.touch()
    assert len(pushed) == 1
    now += rest
    driver.touch()
    assert len(pushed) == 2, "it has not come to anything"


def test_an_older_driver_is_shut_out(gateway: Running) -> None:
    older = started(gateway, epoch=1)
    older.replace(RESOURCES)
    newer = started(gateway, epoch=2)
    newer.replace({"upstream/u1": upstream()})
    eventually(lambda: newer.replace({"upstream/u1": upstream()}).written == 0, within=20)
    deeds = (lambda: older.apply({"route/r1": None}), older.touch, lambda: started(gateway, 1))
    for deed in deeds:
        with pytest.raises(DriverError, match="epoch 2") as caught:
            deed()
        assert caught.value.code == "fenced"


def test_what_slipped_past_the_fence_is_replaced(gateway: Running, serve: Serve) -> None:
    driver = started(gateway, epoch=2)
    driver.replace({"upstream/u1": node(serve("127.0.0.1")), "route/r1": route()})
    eventually(lambda: status(gateway) == 200, within=20)
    with closing(Api(gateway.api)) as api:
        late = {"x": {"headers": {"customRequestHeaders": {"Portolan-Epoch": "1"}}}}
        api.put("/api/providers/rest", json.dumps({"http": {"middlewares": late}}).encode())
    eventually(lambda: status(gateway) == 404, within=20)
    driver.touch()
    eventually(lambda: status(gateway) == 200, within=20)


def test_a_refused_edit_keeps_its_last_good_form(gateway: Running) -> None:
    checks = {"active": {"http_path": "/up", "timeout": 1.5}}
    good = upstream(timeouts=Timeouts(connect=1_500, read=90_000), checks=checks, balance="ewma")
    whole = {"upstream/u1": good, "route/r1": route(retries=2, strip_prefix="/x")}
    started(gateway).replace(whole)
    eventually(lambda: started(gateway).replace(whole).written == 0, within=20)
    odd = {"upstream/u1": upstream(balance="oracle"), "route/r1": route(plugins={"a": {}})}
    heir = started(gateway, epoch=2)
    assert heir.replace(odd).refused.keys() == odd.keys()
    eventually(lambda: started(gateway, 2).replace(odd).written == 0, within=20)
    shown = drivers.preview("traefik", {"provider": "rest", "api_url": gateway.api}, whole)
    with closing(Api(gateway.api)) as api:
        told = telling.objects(api, "rest")
    told["http/routers/r1-portolan"].pop("entryPoints")
    assert told == dict(shown.documents)


def test_what_nobody_can_read_stays_as_it_is(gateway: Running) -> None:
    started(gateway).replace(RESOURCES)
    eventually(lambda: is_applied(gateway, started(gateway)), within=20)
    fewer = upstream(nodes=upstream().nodes[:1])
    started(gateway).replace({"upstream/u1": fewer}, keep=["route/r1"])

    def has() -> dict[str, Any]:
        with closing(Api(gateway.api)) as api:
            return dict(telling.objects(api, "rest"))

    def servers() -> list[Any]:
        return list(has()["http/services/u1-portolan"]["loadBalancer"]["servers"])

    eventually(lambda: len(servers()) == 1, within=20)
    assert "http/routers/r1-portolan" in has()


def test_a_rule_that_traefik_refuses_stops_no_other(gateway: Running, serve: Serve) -> None:
    driver = started(gateway)
    bad = where(("header", "regex_match", "X", "(["), id="r2", hosts=("bad.org",))
    hostile = route(id="r3", hosts=("x.org",), rewrite_host='"}{{ env `A` }}\x85\u2028\ufeff\\')
    resources = {
        "upstream/u1": node(serve("127.0.0.1")),
        "route/r1": route(),
        "route/r2": bad,
        "route/r3": hostile,
    }
    driver.replace(resources)
    eventually(lambda: status(gateway) == 200, within=20)
    reader = drivers.reader("traefik", {"provider": "rest", "api_url": gateway.api}, "")
    with closing(reader):
        served = reader.served()
    assert served is not None
    assert served.routes == {"route/r1", "route/r3"}, "the look beside the driver names the other"


def test_what_traefik_cannot_read_is_told_in_one_line(gateway: Running) -> None:
    with closing(Api(gateway.api)) as api, pytest.raises(DriverError) as caught:
        api.put("/api/providers/rest", b'{"http": {"routers": 7}}')
    assert (caught.value.code, caught.value.permanent) == ("refused", True)
    assert "cannot unmarshal number" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_traefik_without_it_is_told(traefik: Start) -> None:
    gateway = traefik({})
    with pytest.raises(DriverError) as caught:
        started(gateway)
    assert (caught.value.code, caught.value.permanent) == ("mode", False)
    settings = {"provider": "rest", "api_url": gateway.api}
    found = drivers.check("traefik", settings, "")
    assert [(one.step, one.ok) for one in found] == [("api", True), ("rest", False)]
    assert found[-1].setting == "provider"


def test_trying_it_changes_nothing(gateway: Running) -> None:
    settings = {"provider": "rest", "api_url": gateway.api}
    found = drivers.check("traefik", settings, "")
    assert [(one.step, one.ok) for one in found] == [("api", True), ("rest", True)]
    assert found[0].params["version"].startswith("3.")
    settings["api_url"] = f"http://127.0.0.1:{ports.free()}"
    [found] = drivers.check("traefik", settings, "")
    assert (found.ok, found.setting) == (False, "api_url")
    with closing(Api(gateway.api)) as api:
        assert not [one for one in api.all("/api/http/services") if "@rest" in one["name"]]


@pytest.mark.parametrize("after", [0.0, 0.02, 0.06, 0.12])
def test_a_driver_killed_in_the_middle_of_a_change_leaves_all_of_it_or_nothing(
    after: float, gateway: Running
) -> None:
    first = started(gateway)
    first.replace(RESOURCES)
    eventually(lambda: is_applied(gateway, started(gateway)), within=20)
    kill_amid_a_change(after, {"provider": "rest", "api_url": gateway.api}, "")
    with closing(Api(gateway.api)) as api:
        count = len(telling.ours(api, "services", "rest"))
    assert count in (2, 2001)
    heir = started(gateway, epoch=3)
    heir.replace(RESOURCES)
    eventually(lambda: is_applied(gateway, started(gateway, 3)), within=20)
    with pytest.raises(DriverError, match="epoch 3"):
        first.apply({"upstream/u1": node(81)})
