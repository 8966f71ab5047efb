"""Entries as lines of a page: a sentence, a sign, where its objects are, and what there is to
unfold."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.models import AuditEntry
from console.timeline import diff, subjects
from console.timeline.query import Query
from console.timeline.reading import Entry
from registries import chronicle
from registries.chronicle import Move

# The types of objects, as people call them.
TYPES = {
    "registry": gettext_lazy("service registry"),
    "application": gettext_lazy("application"),
    "upstream": gettext_lazy("upstream"),
    "api": gettext_lazy("API"),
    "gateway": gettext_lazy("gateway"),
    "controlplane": gettext_lazy("control plane"),
    "membership": gettext_lazy("member"),
    "user": gettext_lazy("account"),
    "apitoken": gettext_lazy("API token"),
}
_FEW = 4  # changed fields that need no unfolding
_NO_ICON = ("point", "secondary")
_VERB_ICONS = {
    AuditEntry.Verb.CREATED: ("plus", "green"),
    AuditEntry.Verb.CHANGED: ("pencil", "blue"),
    AuditEntry.Verb.DELETED: ("trash", "red"),
    AuditEntry.Verb.PUBLISHED: ("world-up", "green"),
    AuditEntry.Verb.UNPUBLISHED: ("world-off", "orange"),
}
_MOVE_ICONS = {
    chronicle.Kind.APPEARED: ("cloud-plus", "green"),
    chronicle.Kind.DELETED: ("cloud-off", "red"),
    chronicle.Kind.FIRST: ("map-search", "azure"),
    chronicle.Kind.RESTORED: ("refresh", "orange"),
    chronicle.Kind.MANY: ("stack-2", "orange"),
    chronicle.Kind.MISSED: ("alert-circle", "orange"),
}


@dataclass(frozen=True)
class Line:
    """What a template shows of an entry. `filters` ask for all of the same object; `users` are the
    applications, by id, that use the service."""

    entry: Entry
    icon: str
    colour: str
    sentence: SafeString
    filters: Mapping[str, str]
    registry: str = ""
    users: Mapping[str, str] | None = None

    @property
    def key(self) -> str:
        return str(self.entry.place)

    @property
    def at(self) -> datetime:
        return self.entry.place.moment

    @property
    def address(self) -> str:
        """The part of an address that asks for all of the same object."""
        return urlencode(self.filters)

    @property
    def day(self) -> date:
        return timezone.localtime(self.at).date()

    @functools.cached_property
    def fields(self) -> list[diff.Field]:
        change = self.entry.change
        return diff.fields(change.object_type, change.before, change.after) if change else []

    @property
    def unfolded(self) -> bool:
        """Whether the fields are shown at once: a few that were changed (long ones fold)."""
        change = self.entry.change
        changed = change is not None and change.before is not None and change.after is not None
        return changed and len(self.fields) <= _FEW

    @property
    def changes(self) -> list[tuple[str, str]]:
        """What happened to each address of a move: the address and the words."""
        move = self.entry.move
        return (
            [(one.address, chronicle.change_in_words(one)) for one in move.changes] if move else []
        )


def lines(query: Query, entries: Iterable[Entry]) -> list[Line]:
    """The lines of entries; a constant number of queries for any number of them."""
    listed = list(entries)
    changes = [one.change for one in listed if one.change]
    moves = [one.move for one in listed if one.move]
    pages = subjects.addresses((one.object_type, one.object_id) for one in changes)
    users = subjects.users(_service(one) for one in moves if one.name)
    found = []
    for entry in listed:
        if entry.change:
            found.append(_line_of_change(entry, entry.change, pages))
        elif entry.move:
            found.append(_line_of_move(entry, entry.move, query.registries, users))
    return found


def subject(query: Query) -> str:
    """What the object that is asked for is called, as its newest entry has it."""
    if not query.object_id:
        return ""
    named = replace(query, kind="", service="", since=None, until=None, text="", actor="", verb="")
    newest = named.changes(None).filter(object_id=query.object_id).first()
    if newest is None:
        return ""
    return f"{type_in_words(newest.object_type)} {newest.object_name}"


def type_in_words(kind: str) -> str:
    """A type of object as people call it."""
    return str(TYPES.get(kind, kind))


def _line_of_change(entry: Entry, change: AuditEntry, pages: Mapping[str, str]) -> Line:
    icon, colour = _VERB_ICONS.get(AuditEntry.Verb(change.verb), _NO_ICON)
    sentence = format_html(
        _verb_pattern(change.verb),
        actor=format_html("<strong>{}</strong>", change.actor_name),
        type=type_in_words(change.object_type),
        object=_link(change.object_name, pages.get(change.object_id)),
    )
    return Line(entry, icon, colour, sentence, {"object": change.object_id})


def _verb_pattern(verb: str) -> str:
    patterns = {
        AuditEntry.Verb.CREATED: _("{actor} created the {type} {object}"),
        AuditEntry.Verb.CHANGED: _("{actor} changed the {type} {object}"),
        AuditEntry.Verb.DELETED: _("{actor} deleted the {type} {object}"),
        AuditEntry.Verb.PUBLISHED: _("{actor} published the {type} {object}"),
        AuditEntry.Verb.UNPUBLISHED: _("{actor} unpublished the {type} {object}"),
    }
    return patterns[AuditEntry.Verb(verb)]


def _line_of_move(
    entry: Entry,
    move: Move,
    registries: Mapping[str, str],
    users: Mapping[subjects.ServiceName, Mapping[str, str]],
) -> Line:
    icon, colour = _MOVE_ICONS.get(move.kind) or _direction(move)
    name = registries.get(move.registry_id, "")
    filters = {"registry": move.registry_id}
    if not move.name:
        page = reverse("registries:registry-detail", args=[move.registry_id])
        subject = _link(name, page)
    else:
        filters["service"] = move.service
        subject = _link(move.service, _service_page(move))
    sentence = format_html(
        _move_pattern(move),
        service=subject,
        before=move.ready_before,
        after=format_html('<span class="text-{}">{}</span>', colour, move.ready_after),
        cause=chronicle.cause(move),
    )
    return Line(
        entry,
        icon,
        colour,
        sentence,
        filters,
        registry=name if move.name else "",
        users=users.get(_service(move)) if move.name else None,
    )


def _move_pattern(move: Move) -> str:
    if not move.name and move.kind != chronicle.Kind.MANY:
        return _("{service}: {cause}")
    if move.ready_before == move.ready_after:
        return _("{service}: still {after} ready – {cause}")
    return _("{service}: {before} → {after} ready – {cause}")


def _direction(move: Move) -> tuple[str, str]:
    if move.ready_after < move.ready_before:
        return "trending-down", "orange" if move.ready_after else "red"
    if move.ready_after > move.ready_before:
        return "trending-up", "green"
    return "arrows-exchange", "secondary"


def _service(move: Move) -> subjects.ServiceName:
    return (move.registry_id, move.namespace, move.name)


def _service_page(move: Move) -> str | None:
    try:
        return reverse("registries:service-detail", args=_service(move))
    except NoReverseMatch:  # a name that no cluster of good faith would send
        return None


def _link(text: Any, address: str | None) -> SafeString:
    if address is None:
        return format_html('<span class="break">{}</span>', text)
    return format_html('<a class="break" href="{}">{}</a>', address, text)
