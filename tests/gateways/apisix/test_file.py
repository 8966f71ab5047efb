"""What is particular to apisix.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from gateways import drivers
from gateways.drivers.apisix.file import FileDriver
from gateways.drivers.apisix.settings import Settings
from gateways.drivers.base import BadSetting, DriverError, Outlived
from gateways.drivers.folders import FOLDERS

from . import worlds


class Clock:
    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "apisix.yaml"


def driver_of(path: Path, clock: Clock | None = None) -> FileDriver:
    clock = clock or Clock()
    settings = Settings(mode="file", file=str(path))
    return FileDriver(settings, path, clock=clock, sleep=clock.sleep)


def started(path: Path, clock: Clock | None = None, *, epoch: int = 0) -> FileDriver:
    found = driver_of(path, clock)
    found.start(epoch=epoch)
    return found


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


def test_the_file_ends_as_apisix_wants_it(path: Path) -> None:
    driver = started(path)
    driver.replace({})
    assert path.read_text().endswith("\n#END\n")
    assert read(path) == {"routes": [], "upstreams": []}
    driver.apply(worlds.shops(2))
    assert path.read_text().endswith("\n#END\n")
    assert [one["id"] for one in read(path)["upstreams"]] == ["portolan-u0", "portolan-u1"]


def test_each_writing_has_another_whole_second(path: Path) -> None:
    """APISIX compares whole seconds, for inequality."""
    driver = started(path)
    seen = []
    for nodes in (1, 2, 3, 4):
        driver.replace(worlds.upstream(0, nodes=nodes))
        seen.append(path.stat().st_mtime_ns)
    assert all(one % 1_000_000_000 == 0 for one in seen)
    assert seen == sorted(set(seen))


def test_no_two_writings_in_a_second(path: Path) -> None:
    clock = Clock()
    driver = started(path, clock)
    driver.replace(worlds.upstream(0, nodes=1))
    assert sum(clock.slept) == 0  # the first goes at once
    clock.now += 0.25
    driver.apply(worlds.upstream(0, nodes=2))
    assert clock.slept[-1] == pytest.approx(0.75)


def test_what_is_unchanged_is_not_written(path: Path) -> None:
    driver = started(path)
    world = worlds.examples()
    driver.replace(world)
    before = path.stat()
    driver.apply(world)
    driver.replace(world)
    driver.touch()
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_other_kinds_and_others_objects_stay(path: Path) -> None:
    theirs = {"id": "x", "uri": "/x", "upstream_id": "y"}
    rules = [{"id": 1, "plugins": {"prometheus": {}}}]
    path.write_text(f"{yaml.safe_dump({'routes': [theirs], 'global_rules': rules})}#END\n")
    driver = started(path)
    driver.replace(worlds.shops(1))
    driver.apply(worlds.shops(2))
    assert theirs in read(path)["routes"]
    assert read(path)["global_rules"] == rules


@pytest.mark.parametrize("name", ["naïve 상점 🛒", "a\x7fb\u2028c", "${{HOME}} ${{X:=y}}", "#END"])
def test_strange_texts_survive_yaml(path: Path, name: str) -> None:
    """libyaml takes no surrogates and no raw control signs; APISIX replaces ${{…}} in the text."""
    started(path).replace(worlds.upstream(0, name=name) | worlds.route(0, name=name))
    content = path.read_bytes()
    assert content.isascii()
    assert b"${{" not in content
    assert read(path)["upstreams"][0]["name"] == name


def test_what_is_no_yaml_is_left_as_it_is(path: Path) -> None:
    path.write_text("routes: [\n")
    with pytest.raises(DriverError) as caught:
        started(path)
    assert (caught.value.code, caught.value.permanent) == ("file", True)
    assert path.read_text() == "routes: [\n"


def test_a_file_that_was_changed_or_removed_is_written_again(path: Path) -> None:
    driver = started(path)
    driver.replace(worlds.shops(1))
    content = path.read_bytes()
    path.unlink()
    driver.touch()
    assert path.read_bytes() == content
    path.write_text("#END\n")
    driver.touch()
    assert path.read_bytes() == content


def test_an_older_driver_is_fenced(path: Path) -> None:
    older = started(path, epoch=1)
    older.replace(worlds.shops(1))
    started(path, epoch=2).replace(worlds.shops(2))
    again = driver_of(path)
    for attempt in (
        lambda: older.apply(worlds.shops(3)),
        older.touch,
        lambda: again.start(epoch=1),
    ):
        with pytest.raises(Outlived) as caught:
            attempt()
        assert (caught.value.code, caught.value.epoch) == ("fenced", 2)
    assert len(read(path)["routes"]) == 2


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DriverError) as caught:
        started(tmp_path / "no" / "apisix.yaml").replace(worlds.shops(1))
    assert (caught.value.code, caught.value.permanent) == ("file", False)


def test_only_folders_that_the_machine_names(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"mode": "file", "file": str(path)}
    for named in ("", "/var/lib/other", str(path.parent / "below")):
        monkeypatch.setenv(FOLDERS, named)
        with pytest.raises(BadSetting, match=FOLDERS):
            drivers.build("apisix", settings, "")
        (found,) = drivers.check("apisix", settings, "")
        assert (found.ok, found.setting) == (False, "file")
    monkeypatch.setenv(FOLDERS, f"/nowhere {path.parent}")
    drivers.build("apisix", settings, "").start()
    (found,) = drivers.check("apisix", settings, "")
    assert found.ok


def test_a_link_out_of_the_folder_is_no_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "out")
    monkeypatch.setenv(FOLDERS, str(tmp_path / "in"))
    file = str(tmp_path / "in" / "link" / "apisix.yaml")
    with pytest.raises(BadSetting):
        drivers.build("apisix", {"mode": "file", "file": file}, "")
