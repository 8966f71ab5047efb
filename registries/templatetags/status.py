"""Figures of a status in words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.contract import wire
from console.ui.pages import Badge
from registries import expiry, wording
from registries.health import COLOURS, Status
from registries.models import Registry, Transition
from registries.strip import Piece, phase_of

register = template.Library()


@register.inclusion_tag("registries/_token_mark.html")
def token_mark(registry: Registry, status: Status) -> dict[str, object]:
    """The warning that a token ends soon; nothing if there is time."""
    found = expiry.mark(registry, status) if registry.enabled else None
    return {"mark": found, "at": status.token_expires_at}


@register.inclusion_tag("registries/_token_end.html")
def token_end(registry: Registry, status: Status) -> dict[str, object]:
    """When a token ends, with a mark if that is soon."""
    return token_mark(registry, status)


@register.inclusion_tag("registries/_readiness.html")
def readiness(ready: int, total: int) -> dict[str, object]:
    """How many of a service's nodes are ready, as a bar and in figures."""
    colour = "green" if ready == total else "orange"
    return {"ready": ready, "total": total, "share": ready / max(total, 1), "colour": colour}


@register.filter
def port_words(ports: Iterable[tuple[int, str]]) -> str:
    """Numbers and names of ports in words: ``http 80, 9090``."""
    return ", ".join(f"{name} {port}".strip() for port, name in ports)


@register.filter
def subset_words(ports: Iterable[wire.Port]) -> str:
    return port_words(sorted((port.port, port.name) for port in ports))


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
    phase = phase_of(row.phase)
    return Badge(phase.label, COLOURS[phase])


@register.filter
def percent(share: float) -> str:
    """A share as CSS has it, with a dot in every language; what is there is seen."""
    return f"{max(share * 100, 0.5) if share else 0:.2f}%"


@register.filter
def percentage(share: float) -> str:
    """A share in words: ``99.8 %``; never rounded up to all."""
    if share in (0, 1):
        return _("%(n)s %%") % {"n": int(share * 100)}
    return _("%(n)s %%") % {"n": number_format(int(share * 1000) / 10, decimal_pos=1)}


@register.filter
def headline(row: Transition) -> str:
    """What a transition's code means, if it has one that means something."""
    return wording.headline(row.reason)


@register.filter
def piece_title(piece: Piece) -> str:
    """A piece of the strip in words, for its tooltip."""
    began, ended = (_moment(one) for one in (piece.began, piece.ended))
    values = {
        "phase": piece.phase.label,
        "began": began,
        "ended": ended,
        "lasted": lasted(piece.ended - piece.began),
    }
    text = _("%(phase)s, %(began)s – %(ended)s (%(lasted)s)") % values
    if reason := wording.headline(piece.reason):
        text = f"{text}: {reason}"
    if piece.more:
        more = ngettext("and %(n)d more state", "and %(n)d more states", piece.more)
        text = f"{text}; {more % {'n': piece.more}}"
    return text


def _moment(at: datetime) -> str:
    return date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT")
