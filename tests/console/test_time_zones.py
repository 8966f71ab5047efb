"""People read times as their own clock has them; programs read UTC."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse
from django.utils import timezone

from console import env
from console.models import AuditEntry
from registries.models import Transition

if TYPE_CHECKING:
    from django.test import Client

    from .conftest import Rows

SEOUL = "Asia/Seoul"
# 01:30 of the next day in Seoul.
LATE = datetime(2026, 3, 4, 16, 30, tzinfo=UTC)


@pytest.fixture
def late(rows: Rows) -> AuditEntry:
    AuditEntry.objects.all().delete()
    entry = AuditEntry.objects.create(
        actor_name="bo",
        verb="changed",
        control_plane_id=rows.plane.pk,
        object_type="gateway",
        object_id=str(rows.gateway.pk),
        object_name="edge",
    )
    AuditEntry.objects.filter(pk=entry.pk).update(at=LATE)
    return entry


def _activity(page: Client, query: str = "") -> str:
    return page.get(reverse("console:activity") + query).content.decode()


@pytest.mark.parametrize(
    ("zone", "day", "clock"),
    [
        ("", "2026-03-04", "2026-03-04 16:30:00 UTC"),
        (SEOUL, "2026-03-05", "2026-03-05 01:30:00 KST"),
        ("America/Los_Angeles", "2026-03-04", "2026-03-04 08:30:00 PST"),
        ("Nowhere/City", "2026-03-04", "2026-03-04 16:30:00 UTC"),
        ("../../etc/passwd", "2026-03-04", "2026-03-04 16:30:00 UTC"),
        ("America", "2026-03-04", "2026-03-04 16:30:00 UTC"),
        ("x" * 5000, "2026-03-04", "2026-03-04 16:30:00 UTC"),
    ],
)
def test_a_day_is_the_readers_day(
    zone: str, day: str, clock: str, page: Client, late: AuditEntry
) -> None:
    page.cookies["tz"] = zone
    html = _activity(page)
    assert f'id="date-{day}"' in html
    assert clock in html


def test_today_is_the_readers_today(page: Client, late: AuditEntry) -> None:
    """Kiritimati and Pago Pago are 25 hours apart: it is never the same day there."""
    AuditEntry.objects.filter(pk=late.pk).update(at=timezone.now())
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        page.cookies["tz"] = zone
        assert ">Today<" in _activity(page), zone


def test_from_and_until_are_typed_in_the_readers_time(page: Client, late: AuditEntry) -> None:
    page.cookies["tz"] = SEOUL
    assert "01:30:00 KST" in _activity(page, "?since=2026-03-05T01:00&until=2026-03-05T02:00")
    assert "01:30:00 KST" not in _activity(page, "?since=2026-03-04T16:00&until=2026-03-04T17:00")


def test_one_readers_zone_is_not_the_next_ones(page: Client, late: AuditEntry) -> None:
    page.cookies["tz"] = SEOUL
    assert "KST" in _activity(page)
    del page.cookies["tz"]
    assert "KST" not in _activity(page)


def test_the_house_has_a_zone_for_who_has_none(
    page: Client, late: AuditEntry, settings: Any
) -> None:
    settings.TIME_ZONE = SEOUL
    assert "2026-03-05 01:30:00 KST" in _activity(page)


def test_files_and_rest_are_in_utc_whoever_asks(
    page: Client, rows: Rows, late: AuditEntry, settings: Any
) -> None:
    Transition.objects.create(registry=rows.registry, at=LATE, phase="failing")
    settings.TIME_ZONE = SEOUL
    page.cookies["tz"] = SEOUL
    answers: list[Any] = [
        page.get(reverse("console:activity") + "?format=json"),
        page.get(reverse("registries:registry-history", args=[rows.registry.pk]) + "?format=json"),
    ]
    for answer in answers:
        assert "2026-03-04T16:30:00+00:00" in answer.getvalue().decode()
    told = json.dumps(page.get("/api/v1/activity/").json())
    assert "2026-03-04T16:30:00Z" in told


def test_the_strip_below_a_history_has_the_readers_hours(page: Client, rows: Rows) -> None:
    address = reverse("registries:registry-history", args=[rows.registry.pk])
    page.cookies["tz"] = SEOUL
    seoul = timezone.now() - timedelta(hours=24) + timedelta(hours=9)
    assert f"<small>{seoul:%H:}" in page.get(address).content.decode()


def test_a_zone_that_is_none_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIME_ZONE", SEOUL)
    assert env.zone("TIME_ZONE", "UTC") == SEOUL
    for wrong in ("Seoul/Asia", "", "../x", "Asia"):
        monkeypatch.setenv("TIME_ZONE", wrong)
        with pytest.raises(ImproperlyConfigured, match="TIME_ZONE must be a time zone"):
            env.zone("TIME_ZONE", "UTC")
