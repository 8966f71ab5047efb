"""How gateways stand, for pages: what their drivers said, and a badge for it.

Never raises: with Redis away nothing is known of any gateway, and pages say that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from console.redis import RedisError
from console.ui.pages import Badge
from gateways import health
from gateways.health import COLOURS, Phase, Status
from gateways.models import Gateway


@dataclass(frozen=True, slots=True)
class Standing:
    """`known` is False when Redis did not answer: then the status says nothing."""

    status: Status
    badge: Badge
    known: bool = True


def of(gateways: Iterable[Gateway]) -> dict[str, Standing]:
    """The standing of each gateway, by its id as text; one look into Redis for all."""
    rows = list(gateways)
    try:
        found = health.read(str(row.pk) for row in rows)
    except RedisError:
        lost = Standing(Status(), Badge(_("unknown")), known=False)
        return {str(row.pk): lost for row in rows}
    return {str(row.pk): _standing(row, found[str(row.pk)]) for row in rows}


def with_standing(gateways: Iterable[Gateway]) -> list[tuple[Gateway, Standing]]:
    rows = list(gateways)
    found = of(rows)
    return [(row, found[str(row.pk)]) for row in rows]


def _standing(gateway: Gateway, status: Status) -> Standing:
    phase = Phase(status.phase) if status.phase in Phase.values else Phase.UNKNOWN
    if not gateway.enabled:
        phase = Phase.DISABLED
    return Standing(status, Badge(phase.label, COLOURS[phase]))
