"""The file that Traefik watches: whole at every moment, ours alone, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.contract.wire import Node
from console.contract.wire import Path as RoutePath
from gateways import drivers
from gateways.drivers.base import BadSetting, Driver, DriverError
from gateways.drivers.traefik.file import READING
from tests.gateways.examples import route, upstream
from tests.threads import eventually

from .conftest import Serve, Start

HOST = "shop.example.org"
RESOURCES = {"upstream/u1": upstream(), "route/r1": route()}


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "dynamic"
    folder.mkdir()
    monkeypatch.setenv("GATEWAYS_FILE_FOLDERS", str(folder))
    return folder / "portolan.yml"


def made(path: Path, epoch: int = 1) -> Driver:
    driver = drivers.build("traefik", {"file": str(path), "entry_points": ["web"]}, "")
    driver.start(epoch=epoch)
    return driver


@pytest.mark.slow
def test_a_traefik_follows_its_file(path: Path, traefik: Start, serve: Serve) -> None:
    first, second = serve("127.0.0.1"), serve("127.0.0.2")
    driver = made(path)
    hostile = route(id="r2", hosts=("x.org",), rewrite_host="{{ env `HOME` }}\x85é")
    driver.replace(
        {
            "upstream/u1": upstream(nodes=(Node(host="127.0.0.1", port=first),)),
            "route/r1": route(),
            "route/r2": hostile,
        }
    )
    proxy = traefik({"file": {"filename": str(path)}}).proxy
    eventually(lambda: proxy.get(HOST, "/cart")[1].startswith("127.0.0.1 "), within=30)
    driver.apply({"upstream/u1": upstream(nodes=(Node(host="127.0.0.2", port=second),))})
    eventually(lambda: proxy.get(HOST, "/cart")[1].startswith("127.0.0.2 "), within=30)
    driver.apply({"upstream/u1": upstream(nodes=())})
    eventually(lambda: proxy.get(HOST, "/cart")[0] == 503, within=30)
    driver.apply({"upstream/u1": None, "route/r1": None, "route/r2": None})
    eventually(lambda: proxy.get(HOST, "/cart")[0] == 404, within=30)


def test_equal_is_silent_and_a_change_replaces_the_file_whole(path: Path) -> None:
    driver = made(path)
    done = driver.replace(RESOURCES)
    assert done.written > 0
    assert done.rest == pytest.approx(len(RESOURCES) * READING), "Traefik is busy with it"
    before = path.stat().st_ino
    silent = driver.apply(RESOURCES)
    assert (silent.written, silent.rest) == (0, 0)
    again = made(path)
    assert again.replace(RESOURCES).written == 0
    assert path.stat().st_ino == before
    again.apply({"upstream/u1": upstream(nodes=())})
    assert path.stat().st_ino != before, "renamed into its place"
    assert [one for one in path.parent.rglob("*") if one.is_file()] == [path], (
        "nothing is left over"
    )


@pytest.mark.slow
def test_a_change_is_one_reading_of_a_traefik_that_reads_the_whole_folder(
    path: Path, traefik: Start, serve: Serve
) -> None:
    port = serve("127.0.0.1")
    driver = made(path)
    nodes = (Node(host="127.0.0.1", port=port),)
    driver.replace({"upstream/u1": upstream(nodes=nodes), "route/r1": route()})
    gateway = traefik({"file": {"directory": str(path.parent)}}, log={"level": "DEBUG"})
    eventually(lambda: gateway.proxy.get(HOST, "/cart")[0] == 200, within=30)

    def readings() -> int:
        return gateway.log.read_text().count("Configuration received")

    def moved(number: int) -> bool:
        return gateway.proxy.get(HOST, f"/new{number}")[0] == 200

    driver.apply({"route/r1": route(paths=(RoutePath(path="/new0"),))})
    eventually(lambda: moved(0), within=30)  # the first file itself was watched, too
    before = readings()
    for number in range(1, 6):
        driver.apply({"route/r1": route(paths=(RoutePath(path=f"/new{number}"),))})
        eventually(lambda n=number: moved(n), within=30)
    assert readings() - before <= 5


def test_a_file_that_was_changed_or_removed_is_written_again(path: Path) -> None:
    driver = made(path)
    driver.replace(RESOURCES)
    right = path.read_bytes()
    path.write_bytes(b"http: {routers: 7}")
    driver.touch()
    assert path.read_bytes() == right
    path.unlink()
    driver.touch()
    assert path.read_bytes() == right


def test_an_older_driver_is_shut_out(path: Path) -> None:
    older = made(path, epoch=1)
    older.replace(RESOURCES)
    newer = made(path, epoch=2)
    newer.replace({"route/r1": route()})
    right = path.read_bytes()
    for deed in (lambda: older.apply({"route/r1": None}), older.touch, lambda: made(path, 1)):
        with pytest.raises(DriverError) as caught:
            deed()
        assert caught.value.code == "fenced"
    assert path.read_bytes() == right


def test_a_refused_edit_keeps_its_last_good_form(path: Path) -> None:
    made(path).replace(RESOURCES)
    before = path.read_bytes()
    heir = made(path, epoch=1)
    done = heir.replace(RESOURCES | {"route/r1": route(plugins={"limit-req": {}})})
    assert "limit-req" in done.refused["route/r1"]
    assert path.read_bytes() == before


def test_what_nobody_can_read_stays_as_it_is(path: Path) -> None:
    made(path).replace(RESOURCES)
    before = path.read_bytes()
    heir = made(path)
    heir.replace({}, keep=RESOURCES.keys())
    assert path.read_bytes() == before
    heir.apply({"route/r1": None})
    assert b"r1-portolan" not in path.read_bytes()
    assert b"u1-portolan" in path.read_bytes()


@pytest.mark.parametrize("where", ["/etc/portolan.yml", "{}/../other.yml", "{}x/other.yml"])
def test_a_file_elsewhere_is_not_touched(where: str, path: Path) -> None:
    with pytest.raises(BadSetting) as caught:
        made(Path(where.format(path.parent)))
    assert caught.value.setting == "file"


def test_a_link_leads_nowhere_else(path: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (path.parent / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(BadSetting):
        made(path.parent / "link" / "x.yml")
    path.symlink_to(tmp_path / "outside" / "x.yml")
    made(path).replace(RESOURCES)
    assert not (tmp_path / "outside" / "x.yml").exists(), "the link itself was replaced"


def test_trying_it_says_what_is_wrong(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"file": str(path)}
    [found] = drivers.check("traefik", settings, "")
    assert found.ok
    assert list(path.parent.iterdir()) == []
    path.parent.rmdir()
    [found] = drivers.check("traefik", settings, "")
    assert (found.ok, found.setting) == (False, "file")
    monkeypatch.setenv("GATEWAYS_FILE_FOLDERS", "")
    [found] = drivers.check("traefik", settings, "")
    assert (found.ok, found.params["name"]) == (False, "GATEWAYS_FILE_FOLDERS")
    monkeypatch.setenv("GATEWAYS_FILE_FOLDERS", str(path.parent))
    with pytest.raises(DriverError) as caught:
        made(path).replace(RESOURCES)
    assert caught.value.code == "file"
