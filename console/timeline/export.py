"""Entries as rows of a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from console.models import AuditEntry
from console.timeline import diff
from console.timeline.query import Kind
from console.timeline.reading import Entry
from console.ui.lists import Column
from registries import chronicle
from registries.chronicle import Move


def columns(registries: Mapping[str, str]) -> Sequence[Column[Entry]]:
    """The columns; `registries` are names by id."""
    return [
        Column("at", lambda entry: entry.place.moment.isoformat()),
        Column("kind", lambda entry: Kind.NODES if entry.move else Kind.CHANGES),
        _of_change("actor", lambda change: change.actor_name),
        _of_change("verb", lambda change: change.verb),
        _of_change("object_type", lambda change: change.object_type),
        _of_change("object_id", lambda change: change.object_id),
        _of_change("object", lambda change: change.object_name),
        _of_change("before", lambda change: _json(change.before)),
        _of_change("after", lambda change: _json(change.after)),
        _of_move("registry", lambda move: registries.get(move.registry_id, move.registry_id)),
        _of_move("namespace", lambda move: move.namespace),
        _of_move("service", lambda move: move.name),
        _of_move("ready_before", lambda move: move.ready_before),
        _of_move("ready_after", lambda move: move.ready_after),
        _of_move("total_before", lambda move: move.total_before),
        _of_move("total_after", lambda move: move.total_after),
        _of_move("cause", chronicle.cause),
        _of_move("nodes", lambda move: [chronicle.change_in_words(one) for one in move.changes]),
    ]


def _of_change(name: str, value: Callable[[AuditEntry], Any]) -> Column[Entry]:
    return Column(name, lambda entry: value(entry.change) if entry.change else None)


def _of_move(name: str, value: Callable[[Move], Any]) -> Column[Entry]:
    return Column(name, lambda entry: value(entry.move) if entry.move else None)


def _json(values: Any) -> str | None:
    if values is None:
        return None
    return json.dumps(diff.clean(values), ensure_ascii=False, sort_keys=True)
