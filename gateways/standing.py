"""How gateways stand, for pages: what their drivers said, and a badge for it.

Never raises: with Redis away nothing is known of any gateway, and pages say that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.utils.translation import gettext_lazy as _

from console import redis
from console.contract import keys
from console.redis import RedisError
from console.ui.pages import Badge
from gateways.models import Gateway

_BADGES = {
    "": Badge(_("not started")),
    "unknown": Badge(_("not started")),
    "disabled": Badge(_("disabled")),
    "connecting": Badge(_("connecting"), "azure"),
    "connected": Badge(_("connected"), "green"),
    "driving": Badge(_("in step"), "green"),
    "failing": Badge(_("failing"), "red"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What the gateway's driver last said, as it said it. `known` is False when Redis did not
    answer."""

    badge: Badge
    status: dict[str, Any] = field(default_factory=dict)
    known: bool = True

    @property
    def facts(self) -> list[tuple[str, Any]]:
        """What the driver says beside its phase, in its own words."""
        shown_apart = {"phase", "since", "text", "reason"}
        return [(name, value) for name, value in self.status.items() if name not in shown_apart]


def of(gateways: Iterable[Gateway]) -> dict[str, Standing]:
    """The standing of each gateway, by its id as text; one look into Redis for all."""
    rows = list(gateways)
    if not rows:
        return {}
    try:
        found = redis.store().mget([keys.status(keys.gateway(str(row.pk))) for row in rows])
    except RedisError:
        lost = Standing(Badge(_("unknown")), known=False)
        return {str(row.pk): lost for row in rows}
    return {str(row.pk): _standing(row, data) for row, data in zip(rows, found, strict=True)}


def with_standing(gateways: Iterable[Gateway]) -> list[tuple[Gateway, Standing]]:
    rows = list(gateways)
    found = of(rows)
    return [(row, found[str(row.pk)]) for row in rows]


def _standing(gateway: Gateway, data: bytes | None) -> Standing:
    try:
        status = msgspec.json.decode(data, type=dict[str, Any]) if data else {}
    except msgspec.DecodeError:
        status = {}
    phase = str(status.get("phase", ""))
    if not gateway.enabled:
        return Standing(_BADGES["disabled"], status)
    return Standing(_BADGES.get(phase) or Badge(phase), status)
