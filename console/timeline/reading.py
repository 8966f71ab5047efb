"""Both sources as one, a page at a time."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from console.models import AuditEntry
from console.redis import RedisError
from console.timeline import places
from console.timeline.places import Place
from console.timeline.query import Query
from registries.chronicle import Found, Move

# Parts of a chronicle that one page's search may go through in vain; then the page ends where it
# has come to, and the next goes on from there.
_LOOKS = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """One of both: what somebody changed, or what nodes did."""

    place: Place
    change: AuditEntry | None = None
    move: Move | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """`older` is where the next page begins; None: there is none. `known` is False if Redis did
    not answer: then there are no moves among the entries."""

    entries: list[Entry]
    older: Place | None = None
    known: bool = True


def page(query: Query, *, before: Place | None = None, limit: int) -> Page:
    """The newest entries that are older than a place. Two queries at most."""
    try:
        return _page(_steps(query, before, limit + 1), limit)
    except RedisError:
        return _page(_changes(query, before, limit + 1), limit, known=False)


def newer(query: Query, *, than: Place, limit: int) -> int:
    """Count the entries that are newer than a place, up to a limit. Raises `RedisError`."""
    number = 0
    for step in _steps(query, None, limit):
        if step.place <= than or number == limit:
            break
        number += _says(step)
    return number


def everything(query: Query) -> Iterator[Entry]:
    """All entries, for a file; both sources are asked before the first is taken. Raises
    `RedisError`."""
    steps = _steps(query, None, None)
    first = list(itertools.islice(steps, 1))
    return filter(_says, itertools.chain(first, steps))


def _page(steps: Iterable[Entry], limit: int, *, known: bool = True) -> Page:
    entries: list[Entry] = []
    looks = 0
    for step in steps:
        if not _says(step):
            looks += 1
            if looks > _LOOKS:
                return Page(entries, older=step.place, known=known)
        elif len(entries) == limit:
            return Page(entries, older=entries[-1].place, known=known)
        else:
            entries.append(step)
    return Page(entries, known=known)


def _steps(query: Query, before: Place | None, limit: int | None) -> Iterator[Entry]:
    """Both sources in order of place. An entry of nothing tells how far a search has come."""
    moves = (_step(found) for found in query.moves(before))
    changes = _changes(query, before, limit)
    return heapq.merge(changes, moves, key=lambda step: step.place, reverse=True)


def _changes(query: Query, before: Place | None, limit: int | None) -> Iterator[Entry]:
    rows = query.changes(before)
    listed = rows.iterator(chunk_size=500) if limit is None else rows[:limit]
    for row in listed:
        yield Entry(places.of_change(row.at, row.pk), change=row)


def _step(found: Found) -> Entry:
    return Entry(places.of_move(found), move=found.move)


def _says(entry: Entry) -> bool:
    return entry.change is not None or entry.move is not None
