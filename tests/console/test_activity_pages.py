"""The timeline's pages: a made-up history of two sources is read, whatever the pages' sizes."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests import factories

if TYPE_CHECKING:
    from console.redis import Client as Store
    from console.timeline import Query

    from .conftest import Rows
    from .moves import Move


def dice_of(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - the same history for the same number


def history(seed: int, rows: Rows, store: Store) -> Query:
    """Entries of both sources at few different times, so that many are equal."""
    from console import timeline
    from console.contract import keys
    from console.models import AuditEntry

    dice = dice_of(seed)
    registries = [rows.registry] + [
        factories.make_registry(control_plane=rows.plane) for _ in range(dice.randrange(3))
    ]
    AuditEntry.objects.all().delete()
    base = datetime(2026, 1, 1, tzinfo=UTC)
    for _ in range(dice.randrange(40)):
        row = AuditEntry.objects.create(
            actor_name="x",
            verb="changed",
            control_plane_id=rows.plane.pk,
            object_type="gateway",
            object_id="1",
            object_name=f"edge {dice.randrange(3)}",
        )
        at = base + timedelta(
            milliseconds=dice.randrange(8), microseconds=dice.choice((0, 0, 1, 999))
        )
        AuditEntry.objects.filter(pk=row.pk).update(at=at)
    start = int(base.timestamp() * 1000)
    for registry in registries:
        stream = keys.moves(keys.registry(str(registry.pk)))
        times = sorted(start + dice.randrange(8) for _ in range(dice.randrange(40)))
        for number, ms in enumerate(times):
            name = f"s{dice.randrange(3)}"
            fields = {
                "service": f"shop/{name}",
                "move": json.dumps({"namespace": "shop", "name": name}),
            }
            store.xadd(stream, fields, id=f"{ms}-{number}")
    return timeline.Query(
        control_plane=rows.plane,
        person=_nobody(),
        registries=timeline.registries_of(rows.plane),
    )


def _nobody() -> Any:
    from django.contrib.auth.models import AnonymousUser

    return AnonymousUser()


def pages(query: Query, sizes: Iterator[int]) -> Iterator[list[Any]]:
    from console import timeline

    before = None
    while True:
        found = timeline.page(query, before=before, limit=next(sizes))
        yield found.entries
        before = found.older
        if before is None:
            return
        assert timeline.parse(str(before)) == before


@pytest.mark.parametrize("seed", range(25))
def test_no_entry_is_lost_or_doubled_between_pages(seed: int, rows: Rows, store: Store) -> None:
    from console import timeline

    query = history(seed, rows, store)
    whole = list(timeline.everything(query))
    order = [entry.place for entry in whole]
    assert order == sorted(set(order), reverse=True)
    number = sum(store.xlen(key) for key in store.scan_iter("*:moves")) + _changes()
    assert len(whole) == number
    dice = dice_of(seed)

    def sizes() -> Iterator[int]:
        while True:
            yield dice.randint(1, 7)

    read = [entry.place for part in pages(query, sizes()) for entry in part]
    assert read == order


@pytest.mark.parametrize("seed", range(5))
def test_pages_stay_what_they_are_while_new_entries_come(
    seed: int, rows: Rows, store: Store, move: Move
) -> None:
    from console import timeline

    query = history(seed, rows, store)
    order = [entry.place for entry in timeline.everything(query)]
    read = []
    for part in pages(query, iter([5] * 1_000)):
        read += [entry.place for entry in part]
        move(rows.registry, "shop/new", [], ["a"])
    assert read == order


def test_a_search_in_vain_ends_and_goes_on_from_there(
    rows: Rows, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from console import timeline
    from console.contract import keys
    from console.timeline import reading
    from registries.chronicle import reading as chronicle

    monkeypatch.setattr(reading, "_LOOKS", 3)
    monkeypatch.setattr(chronicle, "_LOOK", 10)
    stream = keys.moves(keys.registry(str(rows.registry.pk)))
    for number in range(200):
        pod = "needle" if number == 7 else "straw"
        data = {"name": "s", "namespace": "n", "changes": [["10.0.0.1", "added", pod, True]]}
        store.xadd(stream, {"service": "n/s", "move": json.dumps(data)}, id=f"{number + 1}-0")
    query = timeline.Query(
        control_plane=rows.plane,
        person=_nobody(),
        registries=timeline.registries_of(rows.plane),
        text="needle",
    )
    parts = list(pages(query, iter([50] * 100)))
    assert len(parts) > 3, "each page ends after some looks"
    assert [len(part) for part in parts if part] == [1]


def _changes() -> int:
    from console.models import AuditEntry

    return AuditEntry.objects.count()


def test_a_place_is_read_as_it_was_written_or_not_at_all() -> None:
    from console import timeline

    place = timeline.Place(1_700_000_000_000_000, 1, "a-b", 3)
    assert timeline.parse(str(place)) == place
    for wrong in ("", "1", "1.2.a.3", "-1.0..3", "1.0.a/b.3", "9" * 30 + ".0..1", "1.0..1\n"):
        assert timeline.parse(wrong) is None
