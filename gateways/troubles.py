"""What is wrong with the gateways of a control plane, and what mends it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.models import ControlPlane
from console.ui.troubles import Trouble, Weight, about, silent
from gateways import fleet, standing, wording
from gateways.fleet import Fleet
from gateways.health import Phase, Status
from gateways.models import Gateway
from gateways.refusals import Refusal, refusals
from gateways.standing import Progress

# Milliseconds that a commit may wait for a gateway before it is worth a word.
LATE = 5_000
_NAMED = 5  # refused resources of a gateway that are told of one by one


def of(control_plane: ControlPlane) -> Iterator[Trouble]:
    """One query and four looks into Redis; two queries more if a gateway refuses something, or
    serves something else."""
    rows = Gateway.objects.enabled().filter(control_plane=control_plane).defer("secret")
    found = [(row, stands) for row, stands in standing.with_standing(rows) if stands.known]
    progress = standing.progress_of(str(control_plane.pk), found)
    fleets = fleet.of_plane(str(control_plane.pk), [str(row.pk) for row, _stands in found])
    told = refusals(
        {(str(row.pk), "refused"): stands.status.refusals for row, stands in found}
        | {(str(row.pk), "other"): standing.differences_of(stands.status) for row, stands in found}
    )
    now = int(time.time() * 1000)
    for row, stands in found:
        key = str(row.pk)
        yield from _Look(
            gateway=row,
            status=stands.status,
            progress=progress[key],
            refused=told[key, "refused"],
            differing=told[key, "other"],
            fleet=fleets[key],
            now=now,
        ).troubles()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """One gateway as it is at the moment `now`, in milliseconds."""

    gateway: Gateway
    status: Status
    progress: Progress
    refused: list[Refusal]
    differing: list[Refusal]
    fleet: Fleet
    now: int

    def troubles(self) -> Iterator[Trouble]:
        if silent(self.gateway, self.status, self.now):
            yield self._silent()
            return  # whatever else is known of it is old
        if self.status.phase == Phase.FAILING:
            yield self._failing()
        elif self.progress.waiting_since and self.now - self.progress.waiting_since > LATE:
            yield self._behind()
        yield from self._refused()
        if self.differing:
            yield self._differing()
        if self.fleet.ill:
            yield self._ill()

    def _trouble(self, code: str, weight: Weight, text: str, **more: Any) -> Trouble:
        values = {
            "url": reverse("gateways:gateway-detail", args=[self.gateway.pk]),
            "action": _("Open the gateway"),
            **more,
        }
        return about(self.gateway, code, weight, text, **values)

    @property
    def _name(self) -> dict[str, str]:
        return {"name": self.gateway.name}

    def _silent(self) -> Trouble:
        if self.status.said_at:
            text = _("Nobody drives “%(name)s”: it goes on with what it has.")
        else:
            text = _("Nobody has begun to drive “%(name)s”.")
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
            _("“%(name)s” gets no changes. %(headline)s")
            % (self._name | {"headline": said.headline}),
            detail=self.status.text,
            fix=said.fix,
            since=self.status.since,
        )

    def _behind(self) -> Trouble:
        behind = self.progress.behind or 0
        return self._trouble(
            "behind",
            Weight.BROKEN,
            ngettext(
                "“%(name)s” is %(count)d change behind.",
                "“%(name)s” is %(count)d changes behind.",
                behind,
            )
            % (self._name | {"count": behind}),
            fix=_("Its server is slow, or its worker busy: see the lag on its page."),
            since=self.progress.waiting_since,
        )

    def _differing(self) -> Trouble:
        count = len(self.differing)
        return self._trouble(
            "differs",
            Weight.BROKEN,
            ngettext(
                "“%(name)s” serves something else than is compiled for %(count)d resource.",
                "“%(name)s” serves something else than is compiled for %(count)d resources.",
                count,
            )
            % (self._name | {"count": count}),
            detail="; ".join(f"{one.title}: {one.why}" for one in self.differing[:_NAMED]),
            fix=_("It is given again what it lacks. If this lasts, look who else writes to it."),
        )

    def _ill(self) -> Trouble:
        ill = self.fleet.ill
        count = len(ill)
        return self._trouble(
            "instances",
            Weight.AT_RISK,
            ngettext(
                "%(count)d instance of “%(name)s” is not healthy.",
                "%(count)d instances of “%(name)s” are not healthy.",
                count,
            )
            % (self._name | {"count": count}),
            detail=", ".join(
                f"{one.instance.hostname[:60]}: {one.state.label}" for one in ill[:_NAMED]
            ),
            fix=_("See its page: whether the process runs, and what it says of its configuration."),
        )

    def _refused(self) -> Iterator[Trouble]:
        for one in self.refused[:_NAMED]:
            yield self._trouble(
                "refused",
                Weight.BROKEN,
                _("“%(name)s” cannot serve %(resource)s.") % (self._name | {"resource": one.title}),
                detail=one.why,
                fix=_("Change it to what this kind of gateway can do, or unpublish it."),
                url=one.url or reverse("gateways:gateway-detail", args=[self.gateway.pk]),
                action=_("Open it"),
                part=one.key.replace("/", "-"),
            )
        more = len(self.refused) - _NAMED
        if more > 0:
            yield self._trouble(
                "refuses_more",
                Weight.BROKEN,
                ngettext(
                    "“%(name)s” cannot serve %(count)d more resource.",
                    "“%(name)s” cannot serve %(count)d more resources.",
                    more,
                )
                % (self._name | {"count": more}),
            )
