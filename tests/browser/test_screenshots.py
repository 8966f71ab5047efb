"""The pictures of the documents: each shows a page that there is, and is taken as it is named."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from screens import camera
from tests.house import House
from tests.pages import PAGES, Places


@pytest.mark.slow
def test_pictures_are_taken_of_a_running_house(
    chromium: Browser, house: House, tmp_path: Path
) -> None:
    session = camera.log_in(chromium, house.console, house.user, house.password)
    places = Places(registry="", application="", upstream="", api="", gateway="")
    shots = [one for one in camera.SHOTS if one.name in ("overview", "overview-phone")]
    taken = camera.take(chromium, house.console, session, places, tmp_path, shots=shots)
    assert [path.name for path in taken] == [f"{one.name}.png" for one in shots]
    for path, shot in zip(taken, shots, strict=True):
        assert struct.unpack(">II", path.read_bytes()[16:24]) == shot.size
        assert path.stat().st_size <= camera.LARGEST


def test_every_picture_shows_a_page_and_has_a_name_of_its_own() -> None:
    assert {one.view for one in camera.SHOTS} <= PAGES.keys()
    assert len({one.name for one in camera.SHOTS}) == len(camera.SHOTS)
