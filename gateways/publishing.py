"""What publishing would change, gateway by gateway: dry runs, nothing is written."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from applications import dryrun
from applications.dryrun import Draft, Sketch
from console.contract import wire
from console.models import ControlPlane
from gateways import rendering
from gateways.diffing import Change, compare
from gateways.models import Gateway
from gateways.refusals import Refusal, refusals
from gateways.rendering import Asked

_LISTED = 500  # documents of a gateway that are listed one by one


@dataclass(frozen=True, slots=True)
class Effect:
    """What would change at one gateway. `live`: compared with what it said that it has, else with
    what it is given now; `why` says why not."""

    gateway: Gateway
    changes: list[Change]
    refused: list[Refusal]
    live: bool = False
    why: str = ""
    error: str = ""

    @property
    def first(self) -> list[Change]:
        """As many changes as an answer bears."""
        return self.changes[:_LISTED]

    @property
    def more(self) -> int:
        return len(self.changes) - len(self.first)


def effects(sketched: Sketch, *, ask: bool = True) -> list[Effect]:
    """What an application as it is sketched would change at each enabled gateway of its control
    plane. With `ask`, gateways are asked what they have. Raises `RedisError`."""
    draft = dryrun.drawn(sketched)
    now = rendering.published(sketched.control_plane_id)
    wanted = {key: one for key, one in now.items() if key not in draft.before} | dict(draft.after)
    plane = uuid.UUID(sketched.control_plane_id)
    rows = list(Gateway.objects.enabled().filter(control_plane=plane))
    return [_effect(row, draft, now, wanted, ask=ask) for row in rows]


def warnings(
    control_plane: ControlPlane, resources: Mapping[str, wire.Resource]
) -> list[tuple[Gateway, list[Refusal]]]:
    """Which of these resources the gateways of a control plane cannot express, one entry for a
    gateway that has any. A query, two more if there is something to tell."""
    rows = Gateway.objects.enabled().filter(control_plane=control_plane).defer("secret")
    found = {str(row.pk): (row, rendering.preview(row, resources).refused) for row in rows}
    told = refusals({key: refused for key, (_row, refused) in found.items()})
    return [(found[key][0], listed) for key, listed in told.items() if listed]


def _effect(
    gateway: Gateway,
    draft: Draft,
    now: Mapping[str, wire.Resource],
    wanted: Mapping[str, wire.Resource],
    *,
    ask: bool,
) -> Effect:
    before, after = rendering.preview(gateway, now), rendering.preview(gateway, wanted)
    if after.error:
        return Effect(gateway, [], [], error=after.error)
    mine = {key: why for key, why in after.refused.items() if key in draft.after}
    refused = refusals({"": mine})[""]
    touched = [one.name for one in compare(before.documents, after.documents)]
    has = rendering.live(gateway) if ask and touched and not gateway.by_agent else Asked()
    if has.documents is None:
        changes = compare(before.documents, after.documents, touched)
        return Effect(gateway, changes, refused, why=has.error)
    return Effect(gateway, compare(has.documents, after.documents, touched), refused, live=True)
