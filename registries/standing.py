"""How registries stand, for pages: what their workers said, and a badge for it.

Never raises: with Redis away nothing is known of any registry, and pages say that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from console.redis import RedisError
from console.ui.pages import Badge
from registries import health
from registries.health import COLOURS, Phase, Status
from registries.models import Registry


@dataclass(frozen=True, slots=True)
class Standing:
    """`known` is False when Redis did not answer: then the status says nothing."""

    status: Status
    badge: Badge
    known: bool = True


def of(registries: Iterable[Registry]) -> dict[str, Standing]:
    """The standing of each registry, by its id as text; one look into Redis for all."""
    rows = list(registries)
    try:
        found = health.read(str(row.pk) for row in rows)
    except RedisError:
        lost = Standing(Status(), Badge(_("unknown")), known=False)
        return {str(row.pk): lost for row in rows}
    return {str(row.pk): _standing(row, found[str(row.pk)]) for row in rows}


def with_standing(registries: Iterable[Registry]) -> list[tuple[Registry, Standing]]:
    rows = list(registries)
    found = of(rows)
    return [(row, found[str(row.pk)]) for row in rows]


def _standing(registry: Registry, status: Status) -> Standing:
    phase = Phase(status.phase) if status.phase in Phase.values else Phase.UNKNOWN
    if not registry.enabled:
        phase = Phase.DISABLED
    return Standing(status, Badge(phase.label, COLOURS[phase]))
