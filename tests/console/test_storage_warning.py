"""The overview says at once that Redis does not keep what is published."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.test import Client

    from console.redis import Client as Store

    from .conftest import Rows


def test_the_overview_warns_of_eviction_and_stops_warning(
    page: Client, rows: Rows, evicting: Store
) -> None:
    assert "may evict what is published" in page.get("/").content.decode()
    evicting.config_set("maxmemory-policy", "noeviction")
    assert "evict" not in page.get("/").content.decode()
