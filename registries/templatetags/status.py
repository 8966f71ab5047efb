"""Figures of a status in words."""

from __future__ import annotations

from datetime import timedelta

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.ui.pages import Badge
from registries import expiry
from registries.health import COLOURS, Phase, Status
from registries.models import Registry, Transition

register = template.Library()


@register.inclusion_tag("registries/_token_mark.html")
def token_mark(registry: Registry, status: Status) -> dict[str, object]:
    """The warning that a token ends soon; nothing if there is time."""
    found = expiry.mark(registry, status) if registry.enabled else None
    return {"mark": found, "at": status.token_expires_at}


@register.filter
def lasted(duration: timedelta) -> str:
    """A duration in its two largest units: ``3 h 5 min``."""
    seconds = int(duration.total_seconds())
    if seconds < 60:
        return _("%d s") % seconds
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return _("%(min)d min %(s)d s") % {"min": minutes, "s": seconds}
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return _("%(h)d h %(min)d min") % {"h": hours, "min": minutes}
    days, hours = divmod(hours, 24)
    of_days = ngettext("%d day", "%d days", days) % days
    return _("%(days)s %(h)d h") % {"days": of_days, "h": hours}


@register.filter
def milliseconds(seconds: float | None) -> str:
    """A bound of the lag histogram: ``2.5 ms``, ``1 s``; none is above all of them."""
    if seconds is None:
        return _("longer")
    return _("%g s") % seconds if seconds >= 1 else _("%g ms") % (seconds * 1000)


@register.filter
def phase_badge(row: Transition) -> Badge:
    phase = Phase(row.phase if row.phase in Phase.values else Phase.UNKNOWN)
    return Badge(phase.label, COLOURS[phase])


@register.filter
def percent(share: float) -> str:
    """A share as CSS has it, with a dot in every language; what is there is seen."""
    return f"{max(share * 100, 0.5) if share else 0:.2f}%"
