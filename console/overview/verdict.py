"""The answer to “is everything true right now?” in one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.overview.steps import Counts
from console.ui.troubles import Trouble, Weight
from gateways.models import Gateway
from gateways.standing import Standing as GatewayStanding
from registries.models import Registry
from registries.standing import Standing


@dataclass(frozen=True, slots=True)
class Verdict:
    """`health` is good, warn, bad or quiet; `more` says what it is about."""

    health: str
    text: str
    more: str
    icon: str


def needy(troubles: Iterable[Trouble]) -> list[Trouble]:
    """Those that need somebody; hints do not."""
    return [one for one in troubles if one.weight < Weight.HINT]


def verdict(
    troubles: Iterable[Trouble],
    registries: Sequence[tuple[Registry, Standing]],
    gateways: Sequence[tuple[Gateway, GatewayStanding]],
    counts: Counts,
) -> Verdict:
    need = needy(troubles)
    more = _extent(registries, gateways, counts)
    if need:
        text = ngettext("%(count)d thing needs you.", "%(count)d things need you.", len(need))
        broken = any(one.weight == Weight.BROKEN for one in need)
        return Verdict(
            "bad" if broken else "warn",
            text % {"count": len(need)},
            more,
            Weight.BROKEN.icon if broken else Weight.AT_RISK.icon,
        )
    if not registries and not gateways:
        return Verdict("quiet", _("Nothing is connected yet."), "", "compass")
    return Verdict("good", _("Everything is true right now."), more, "circle-check")


def _extent(
    registries: Sequence[tuple[Registry, Standing]],
    gateways: Sequence[tuple[Gateway, GatewayStanding]],
    counts: Counts,
) -> str:
    """How much there is, as one line."""
    services = sum(stands.status.services for _row, stands in registries)
    endpoints = sum(stands.status.endpoints for _row, stands in registries)
    parts = [
        ngettext("%(count)d cluster", "%(count)d clusters", len(registries))
        % {"count": len(registries)},
        ngettext("%(count)d service", "%(count)d services", services) % {"count": services},
        ngettext("%(count)d endpoint", "%(count)d endpoints", endpoints) % {"count": endpoints},
        ngettext("%(count)d published API", "%(count)d published APIs", counts.published_apis)
        % {"count": counts.published_apis},
        ngettext("%(count)d gateway", "%(count)d gateways", len(gateways))
        % {"count": len(gateways)},
    ]
    return " · ".join(parts)
