"""What happened last: what people changed, and what the nodes of services did."""

from __future__ import annotations

from collections.abc import Iterable

from console import timeline
from console.access import Person
from console.models import ControlPlane
from console.timeline.lines import Line, lines
from registries.models import Registry
from registries.standing import Standing

SHOWN = 8


def of(
    control_plane: ControlPlane,
    person: Person,
    registries: Iterable[tuple[Registry, Standing]],
) -> list[Line]:
    """The newest lines of the timeline. Of many registries only those are asked in which something
    stirred last: nobody else's moves are among the newest."""
    stirred = sorted(registries, key=lambda one: one[1].status.event_at, reverse=True)
    query = timeline.Query(
        control_plane=control_plane,
        person=person,
        registries={str(row.pk): row.name for row, _stands in stirred[:SHOWN]},
    )
    return lines(query, timeline.page(query, limit=SHOWN).entries)
