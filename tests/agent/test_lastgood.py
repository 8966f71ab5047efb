"""The last good state on disk, the epoch and the wait: what they do with damage and with time."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateways.agent.alone import Place
from gateways.agent.config import ConfigError
from gateways.agent.lastgood import Kept, LastGood
from gateways.driving.patience import Pace, Patience

KEPT = Kept({"route/r1": b"{}", "odd": b"\xff\x00"}, "3-7")


def last_good(folder: Path, **more: str) -> LastGood:
    return LastGood(folder, **{"control_plane": "plane", "gateway": "gw"} | more)


def test_what_was_kept_comes_back(tmp_path: Path) -> None:
    assert last_good(tmp_path).load() is None
    last_good(tmp_path).save(KEPT)
    assert last_good(tmp_path).load() == KEPT
    assert [one.name for one in tmp_path.iterdir()] == ["gw.last-good"]


@pytest.mark.parametrize("place", [0, 20, -1])
def test_damage_is_as_good_as_nothing(
    tmp_path: Path, place: int, caplog: pytest.LogCaptureFixture
) -> None:
    last_good(tmp_path).save(KEPT)
    path = tmp_path / "gw.last-good"
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    assert last_good(tmp_path).load() is None
    assert "not used" in caplog.text
    path.write_bytes(b"")
    assert last_good(tmp_path).load() is None


def test_what_is_anothers_is_not_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    last_good(tmp_path, control_plane="another").save(KEPT)
    assert last_good(tmp_path).load() is None
    assert "of another gateway" in caplog.text


def test_the_epoch_grows_whatever_the_clock_does(tmp_path: Path) -> None:
    place = Place(tmp_path, "gw")
    try:
        first = place.next_epoch(wall=lambda: 1000.0)
        assert first == 1_000_000
        assert place.next_epoch(wall=lambda: 1.0) == first + 1
        assert place.next_epoch(wall=lambda: 2000.0) == 2_000_000
        with pytest.raises(ConfigError, match="runs already"):
            Place(tmp_path, "gw")
    finally:
        place.close()


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_waits_grow_to_a_limit_and_spread(chance: float) -> None:
    patience = Patience(Pace(retry=(1.0, 2.0, 30.0), seldom=60.0), random=lambda: chance)
    waits = [patience.failed() for _ in range(5)]
    spread = 0.8 + 0.4 * chance
    assert waits == pytest.approx([spread, 2 * spread, 30 * spread, 30 * spread, 30 * spread])
    assert patience.failed(permanent=True) == pytest.approx(60 * spread)
    patience.recovered()
    assert patience.failed() == pytest.approx(spread)
