"""How soon a registry's token ends, as a mark that people notice in time."""

from __future__ import annotations

import time
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from console.ui.pages import Badge
from registries.health import Status
from registries.models import Registry

# From so long before its end a token has this colour: a month to plan, a week to act, a day left.
MARKS = (
    (timedelta(days=1), "red"),
    (timedelta(days=7), "orange"),
    (timedelta(days=30), "yellow"),
)


def mark(registry: Registry, status: Status) -> Badge | None:
    """The mark of the token that the worker uses; None if there is time, or no end."""
    if not status.token_expires_at:
        return None
    left = timedelta(seconds=status.token_expires_at / 1000 - time.time())
    if left <= timedelta():
        return Badge(_("token expired"), "red")
    if registry.token_file:
        return None  # the platform renews it, often by the hour
    return next((Badge(_("token expires"), colour) for end, colour in MARKS if left <= end), None)
