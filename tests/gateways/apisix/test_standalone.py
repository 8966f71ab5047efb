"""What is particular to an APISIX that keeps its configuration in memory."""

from __future__ import annotations

import pytest

from gateways.drivers.base import DriverError

from . import worlds
from .conftest import server_of
from .target import Target


def test_a_gateway_restarted_empty_is_noticed_and_filled(standalone: Target) -> None:
    driver = standalone.started()
    driver.replace(worlds.shops(3))
    driver.touch()
    server_of(standalone).restart()
    with pytest.raises(DriverError) as caught:
        driver.touch()
    assert (caught.value.code, caught.value.permanent) == ("emptied", False)
    driver.start()
    assert driver.replace(worlds.shops(3)).written == 6
    assert standalone.documents() == standalone.preview(worlds.shops(3))


def test_a_change_after_a_restart_is_not_lost(standalone: Target) -> None:
    """What would be sent is a part, and the rest would be gone for good."""
    driver = standalone.started()
    driver.replace(worlds.shops(3))
    server_of(standalone).restart()
    with pytest.raises(DriverError) as caught:
        driver.apply(worlds.upstream(0, nodes=5))
    assert caught.value.code == "emptied"
    assert server_of(standalone).writes() == [("PUT", "/apisix/admin/configs")]


def test_a_restart_between_the_look_and_the_writing(standalone: Target) -> None:
    driver = standalone.started()
    driver.replace(worlds.shops(3))
    server_of(standalone).forgets = True
    with pytest.raises(DriverError) as caught:
        driver.apply(worlds.upstream(0, nodes=5))
    assert caught.value.code in ("unreachable", "emptied")
    assert server_of(standalone).document is None
    driver.start()
    driver.replace(worlds.shops(3))
    assert standalone.documents() == standalone.preview(worlds.shops(3))


def test_someone_elses_writing_is_noticed(standalone: Target) -> None:
    driver = standalone.started()
    driver.replace(worlds.shops(1))
    standalone.put_foreign("routes", {"id": "theirs", "uri": "/x", "upstream_id": "portolan-u0"})
    with pytest.raises(DriverError) as caught:
        driver.touch()
    assert caught.value.code == "changed"
    driver.start()
    driver.replace(worlds.shops(1))
    driver.touch()
    assert standalone.foreign("routes", "theirs")


def test_a_writing_over_someone_elses_is_refused(standalone: Target) -> None:
    driver = standalone.started()
    driver.replace(worlds.shops(1))
    for number in range(2):
        standalone.put_foreign("upstreams", {"id": f"t{number}", "nodes": [], "type": "roundrobin"})
    with pytest.raises(DriverError) as caught:
        driver.apply(worlds.upstream(0, nodes=4))
    assert (caught.value.code, caught.value.permanent) == ("changed", False)


def test_other_kinds_stay(standalone: Target) -> None:
    standalone.put_foreign("global_rules", {"id": "1", "plugins": {}})
    driver = standalone.started()
    driver.replace(worlds.shops(2))
    driver.apply(worlds.upstream(0, nodes=4))
    assert standalone.foreign("global_rules", "1")


def test_a_change_of_nodes_sends_no_routes(standalone: Target) -> None:
    driver = standalone.started()
    driver.replace(worlds.shops(2))
    before = server_of(standalone).document or {}
    driver.apply(worlds.upstream(0, nodes=4))
    after = server_of(standalone).document or {}
    assert after["routes_conf_version"] == before["routes_conf_version"]
    assert after["upstreams_conf_version"] > before["upstreams_conf_version"]


def test_each_change_has_an_index_of_its_own(standalone: Target) -> None:
    """A worker passes over an object whose modifiedIndex it knows."""
    driver = standalone.started()
    driver.replace(worlds.shops(2))
    seen: set[tuple[str, int]] = set()
    for nodes in (3, 4, 3, 4):
        driver.apply(worlds.upstream(0, nodes=nodes))
        found = server_of(standalone).all("upstreams")["portolan-u0"]
        assert len(found["nodes"]) == nodes
        assert ("u0", found["modifiedIndex"]) not in seen
        seen.add(("u0", found["modifiedIndex"]))
    # Another driver goes on where this one was.
    standalone.started().replace(worlds.shops(2))
    found = server_of(standalone).all("upstreams")
    assert len(found["portolan-u0"]["nodes"]) == 2
    assert found["portolan-u1"]["modifiedIndex"] < found["portolan-u0"]["modifiedIndex"]


@pytest.mark.parametrize("validates", [True, False], ids=["asked", "by halves"])
@pytest.mark.parametrize("services", [1, 40])
def test_bad_objects_are_found_among_many(
    standalone: Target, validates: bool, services: int
) -> None:
    server_of(standalone).validates = validates
    driver = standalone.started()
    bad = worlds.refused_by_apisix(0)
    if services > 20:
        bad |= worlds.refused_by_apisix(17)
    done = driver.replace(worlds.shops(services) | bad)
    assert done.refused.keys() == bad.keys()
    assert all("block_rules" in why for why in done.refused.values())
    assert len(standalone.documents()) == 2 * services - len(bad)
    assert driver.apply(worlds.shops(services)).refused == {}
    assert standalone.documents() == standalone.preview(worlds.shops(services))


def test_a_lost_answer_is_found_out(standalone: Target) -> None:
    driver = standalone.started()
    driver.replace(worlds.shops(1))
    server = server_of(standalone)
    server.lose = 0
    with pytest.raises(DriverError) as caught:
        driver.apply(worlds.upstream(0, nodes=5))
    assert (caught.value.code, caught.value.permanent) == ("unreachable", False)
    server.lose = -1
    driver.start()
    assert driver.replace(worlds.upstream(0, nodes=5) | worlds.route(0)).written == 0


@pytest.mark.parametrize("services", [100, 1000])
def test_one_change_is_one_writing_at_any_size(standalone: Target, services: int) -> None:
    driver = standalone.started()
    driver.replace(worlds.shops(services))
    server_of(standalone).requests.clear()
    driver.apply(worlds.upstream(7, nodes=5))
    configs = "/apisix/admin/configs"
    assert server_of(standalone).requests == [("HEAD", configs), ("PUT", configs)]
