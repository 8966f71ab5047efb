"""What is wrong with the registries of a control plane, and what mends it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.models import ControlPlane
from console.redis import RedisError
from console.ui.troubles import Trouble, Weight, about, silent
from registries import expiry, oddities, standing, truth, wording
from registries.health import Phase, Status
from registries.models import Registry
from registries.truth import Comparison


def of(control_plane: ControlPlane) -> Iterator[Trouble]:
    """One query, two looks into Redis. With Redis away nothing is known, hence nothing wrong."""
    rows = Registry.objects.enabled().filter(control_plane=control_plane)
    rows = rows.defer("token", "ca_bundle")
    found = standing.with_standing(rows)
    try:
        compared = truth.read(str(row.pk) for row, _stands in found)
    except RedisError:
        return
    now = int(time.time() * 1000)
    for row, stands in found:
        if stands.known:
            yield from _Look(row, stands.status, compared[str(row.pk)], now).troubles()


@dataclass(frozen=True, slots=True)
class _Look:
    """One registry as it is at the moment `now`, in milliseconds."""

    registry: Registry
    status: Status
    comparison: Comparison
    now: int

    def troubles(self) -> Iterator[Trouble]:
        if silent(self.registry, self.status, self.now):
            yield self._silent()
            return  # whatever else is known of it is old
        if self.status.phase == Phase.FAILING:
            yield self._failing()
        yield from self._token()
        yield from self._differences()
        yield from self._left_out()
        yield from self._second_best()

    def _trouble(self, code: str, weight: Weight, text: str, **more: Any) -> Trouble:
        values = {
            "url": reverse("registries:registry-detail", args=[self.registry.pk]),
            "action": _("Open the registry"),
            **more,
        }
        return about(self.registry, code, weight, text, **values)

    @property
    def _name(self) -> dict[str, str]:
        return {"name": self.registry.name}

    def _silent(self) -> Trouble:
        if self.status.said_at:
            text = _("Nobody watches “%(name)s”: its endpoints stay as they were.")
        else:
            text = _("Nobody has begun to watch “%(name)s”.")
        return self._trouble(
            "silent",
            Weight.BROKEN,
            text % self._name,
            fix=_("A worker with room takes it up by itself; start one more."),
            since=self.status.said_at,
        )

    def _failing(self) -> Trouble:
        said = wording.of(self.status)
        return self._trouble(
            "failing",
            Weight.BROKEN,
            _("“%(name)s”: %(headline)s.") % (self._name | {"headline": said.headline}),
            detail=self.status.text,
            fix=said.fix,
            command=said.command,
            since=self.status.since,
            **(self._renew() if self.status.reason == "unauthorized" else {}),
        )

    def _renew(self) -> dict[str, str]:
        """Where a new token is given; nowhere here if whoever writes the token file does it."""
        if self.registry.token_file:
            return {}
        return {
            "url": reverse("registries:registry-rotate", args=[self.registry.pk]),
            "action": _("Give a new token"),
        }

    def _token(self) -> Iterator[Trouble]:
        mark = expiry.mark(self.registry, self.status)
        if mark is None:
            return
        ends = datetime.fromtimestamp(self.status.token_expires_at / 1000, UTC)
        values = self._name | {"day": date_format(timezone.localtime(ends), "Y-m-d H:i")}
        if self.status.token_expires_at <= self.now:
            if self.status.phase == Phase.FAILING and self.status.reason == "unauthorized":
                return  # that is told as what came of it
            text = _("The token of “%(name)s” expired on %(day)s.") % values
            since = self.status.token_expires_at
            yield self._trouble("token_expired", Weight.BROKEN, text, since=since, **self._renew())
            return
        weight = Weight.HINT if mark.colour == "yellow" else Weight.AT_RISK
        text = _("The token of “%(name)s” expires on %(day)s.") % values
        yield self._trouble("token_expires", weight, text, **self._renew())

    def _differences(self) -> Iterator[Trouble]:
        different = self.comparison.differences
        if different:
            yield self._trouble(
                "differs",
                Weight.BROKEN,
                ngettext(
                    "What is published of “%(name)s” is not what runs there: %(count)d service"
                    " differs.",
                    "What is published of “%(name)s” is not what runs there: %(count)d services"
                    " differ.",
                    len(different),
                )
                % (self._name | {"count": len(different)}),
                detail=", ".join(one.service for one in different[:5]),
                fix=_("Resync it: everything is compared with the cluster at once."),
                since=self.comparison.compared_at,
            )
        if self.status.drift:
            yield self._trouble(
                "drift",
                Weight.HINT,
                ngettext(
                    "The watch of “%(name)s” missed %(count)d change; a list has made it good.",
                    "The watch of “%(name)s” missed %(count)d changes; a list has made them good.",
                    self.status.drift,
                )
                % (self._name | {"count": self.status.drift}),
                fix=_("Something between here and the API server loses events: a proxy?"),
            )

    def _left_out(self) -> Iterator[Trouble]:
        refused = sum(self.status.refused.values())
        if refused:
            yield self._trouble(
                "refused",
                Weight.AT_RISK,
                ngettext(
                    "%(count)d endpoint of “%(name)s” is left out.",
                    "%(count)d endpoints of “%(name)s” are left out.",
                    refused,
                )
                % (self._name | {"count": refused}),
                detail=oddities.in_short(self.status.refused),
            )
        cut = self.status.truncated
        if cut:
            yield self._trouble(
                "truncated",
                Weight.AT_RISK,
                ngettext(
                    "%(count)d service of “%(name)s” has more than 1,000 addresses; the cluster"
                    " tells the first 1,000 only.",
                    "%(count)d services of “%(name)s” have more than 1,000 addresses; the cluster"
                    " tells the first 1,000 only.",
                    cut,
                )
                % (self._name | {"count": cut}),
                fix=_("Let the service account read EndpointSlices: they have no such limit."),
            )

    def _second_best(self) -> Iterator[Trouble]:
        if oddities.second_best(self.registry, self.status):
            yield self._trouble(
                "second_best",
                Weight.HINT,
                _(
                    "“%(name)s” is read by Endpoints: at most 1,000 addresses a service, and no"
                    " word of pods that are terminating."
                )
                % self._name,
                fix=_("Let the service account list and watch EndpointSlices."),
            )
