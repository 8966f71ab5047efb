"""What happened last: what people changed, and what the nodes of services did, in one order."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from console.models import AuditEntry, ControlPlane
from console.redis import RedisError
from registries import chronicle
from registries.chronicle import Move
from registries.models import Registry
from registries.standing import Standing

SHOWN = 8
_ICONS = {
    AuditEntry.Verb.CREATED: "plus",
    AuditEntry.Verb.CHANGED: "pencil",
    AuditEntry.Verb.DELETED: "trash",
    AuditEntry.Verb.PUBLISHED: "player-play",
    AuditEntry.Verb.UNPUBLISHED: "player-stop",
}


@dataclass(frozen=True, slots=True)
class Event:
    """`who` is a person, or the registry in which it happened; `subject` what it happened to."""

    key: str
    at: datetime
    icon: str
    who: str
    text: str
    subject: str
    url: str = ""
    colour: str = "secondary"


def of(control_plane: ControlPlane, registries: Iterable[tuple[Registry, Standing]]) -> list[Event]:
    """The newest of both sorts, newest first: one query and one look into Redis; without Redis,
    what people did."""
    stirred = sorted(registries, key=lambda one: one[1].status.event_at, reverse=True)
    names = {str(row.pk): row.name for row, _stands in stirred[:SHOWN]}
    entries = AuditEntry.objects.filter(control_plane_id=control_plane.pk)[:SHOWN]
    merged = heapq.merge(
        map(_entry, entries), _moves(names), key=lambda event: event.at, reverse=True
    )
    return list(itertools.islice(merged, SHOWN))


def _entry(entry: AuditEntry) -> Event:
    return Event(
        key=f"entry-{entry.pk}",
        at=entry.at,
        icon=_ICONS.get(AuditEntry.Verb(entry.verb), "point"),
        who=entry.actor_name,
        text=str(entry.get_verb_display()),
        subject=entry.object_name,
        colour="blue",
    )


def _moves(names: dict[str, str]) -> Iterator[Event]:
    """Of the registries in which something stirred last."""
    try:
        found = chronicle.recent(names, limit=SHOWN) if names else []
    except RedisError:
        return
    for move in found:
        yield Event(
            key=f"move-{move.registry_id}-{move.id}",
            at=datetime.fromtimestamp(move.at / 1000, UTC),
            icon="arrows-exchange",
            who=names[move.registry_id],
            text=_in_words(move),
            subject=move.service,
            url=reverse(
                "registries:service-detail", args=[move.registry_id, move.namespace, move.name]
            )
            if move.service
            else reverse("registries:registry-detail", args=[move.registry_id]),
            colour="red" if move.service and not move.ready_after else "green",
        )


def _in_words(move: Move) -> str:
    if move.kind != chronicle.Kind.MOVED or move.ready_before == move.ready_after:
        return chronicle.cause(move)
    return _("%(before)d → %(after)d ready: %(cause)s") % {
        "before": move.ready_before,
        "after": move.ready_after,
        "cause": chronicle.cause(move),
    }
