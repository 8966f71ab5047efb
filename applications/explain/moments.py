"""Moments inside sentences."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils import timezone


def moment(millis: int) -> str:
    """Milliseconds since the Unix epoch as a time of day, with the day unless it is today."""
    at = timezone.localtime(datetime.fromtimestamp(millis / 1000, UTC))
    today = at.date() == timezone.localdate()
    return at.strftime("%H:%M:%S %Z" if today else "%Y-%m-%d %H:%M:%S %Z")
