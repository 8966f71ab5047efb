"""What is looked for in the timeline of one control plane, for each of the two sources."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from console.access import Person
from console.models import AuditEntry, ControlPlane
from console.timeline import subjects
from console.timeline.places import Place
from registries import chronicle
from registries.models import Registry


class Kind:
    """The two sources."""

    CHANGES = "changes"
    NODES = "nodes"
    CHOICES = ((CHANGES, _("Configuration")), (NODES, _("Nodes")))


@dataclass(frozen=True, kw_only=True)
class Query:
    """Empty fields ask for everything. `registries` are all that the control plane has
    (`registries_of`).

    `object_id` asks for what concerns one object (`console.timeline.subjects`). `service` is
    `namespace/name`, or a namespace. `since` counts, `until` does not.
    """

    control_plane: ControlPlane
    person: Person
    registries: Mapping[str, str]
    kind: str = ""
    object_type: str = ""
    object_id: str = ""
    registry: str = ""
    service: str = ""
    actor: str = ""
    verb: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def changes(self, before: Place | None) -> QuerySet[AuditEntry]:
        """The audit entries that are older than the place, newest first."""
        if self.kind == Kind.NODES or self.service:
            return AuditEntry.objects.none()
        # The control plane's, and what is nobody's but the person's own.
        own = Q(control_plane_id=None, actor_id=self.person.pk)
        rows = AuditEntry.objects.filter(Q(control_plane_id=self.control_plane.pk) | own)
        if before:
            at, number = before.first_change()
            rows = rows.filter(Q(at__lt=at) | Q(at=at, pk__lt=number))
        wanted = {
            "object_type": self.object_type,
            "object_id": self.registry,
            "actor_name": self.actor,
            "verb": self.verb,
            "at__gte": self.since,
            "at__lt": self.until,
        }
        rows = rows.filter(**{field: value for field, value in wanted.items() if value})
        if self.object_id:
            rows = rows.filter(object_id__in=self._subject.ids)
        if self.text:
            named = Q(object_name__icontains=self.text) | Q(actor_name__icontains=self.text)
            rows = rows.filter(named)
        return rows.order_by("-at", "-pk")

    def moves(self, before: Place | None) -> Iterator[chronicle.Found]:
        """Go through the moves that are older than the place. Raises `RedisError`."""
        begin: dict[str, str] = {}
        for registry_id in self.followed:
            newest = before.last_move(registry_id) if before else chronicle.NEWEST
            if newest:
                begin[registry_id] = _earlier(newest, self.until)
        namespace = "" if self._exact else self.service
        return chronicle.walk(
            begin,
            oldest=_milliseconds(self.since) if self.since else 0,
            services={one: some for one, some in self.followed.items() if some is not None},
            prefix=f"{namespace}/" if namespace else "",
            text=self.text,
        )

    @functools.cached_property
    def followed(self) -> dict[str, set[str] | None]:
        """The registries whose moves are asked for, and of which services; None: of all."""
        if self.kind == Kind.CHANGES or self.actor or self.verb or self.object_type:
            return {}
        found: dict[str, set[str] | None] = dict.fromkeys(self.registries)
        if self.object_id in found:
            found = {self.object_id: None}
        elif self.object_id:
            found = {one: some for one, some in self._subject.services.items() if one in found}
        if self.registry:
            found = {one: some for one, some in found.items() if one == self.registry}
        if self._exact:
            exact = {self.service}
            found = {one: exact if some is None else exact & some for one, some in found.items()}
        return found

    @functools.cached_property
    def _subject(self) -> subjects.Subject:
        return subjects.find(self.control_plane, self.object_id)

    @property
    def _exact(self) -> bool:
        return "/" in self.service


def registries_of(plane: ControlPlane) -> dict[str, str]:
    """The names of a control plane's registries by id."""
    rows = Registry.objects.filter(control_plane=plane)
    return {str(pk): name for pk, name in rows.values_list("pk", "name")}


def _earlier(newest: str, until: datetime | None) -> str:
    """The id to begin with: no later than before `until`."""
    if until is None:
        return newest
    end = _milliseconds(until) - 1
    begins_later = newest == chronicle.NEWEST or int(newest.partition("-")[0]) > end
    return str(max(end, 0)) if begins_later else newest


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
