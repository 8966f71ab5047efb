"""A registry's history: a row for a transition, none for an event."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from registries import history
from registries.health import Status
from registries.history import KEPT, WAITING, Historian, Writer
from registries.models import Registry, Transition
from tests.factories import make_registry
from tests.threads import eventually

pytestmark = pytest.mark.django_db


@pytest.fixture
def registry() -> Registry:
    return make_registry()


@pytest.fixture
def writer() -> Writer:
    return Writer(threaded=False)


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def said(phase: str, reason: str = "", **fields: object) -> Status:
    return Status(phase=phase, reason=reason, **fields)  # type: ignore[arg-type]


def steps(registry: Registry) -> list[tuple[str, str]]:
    """The oldest first."""
    return list(registry.transitions.order_by("id").values_list("phase", "reason"))


def test_a_transition_is_one_row_and_an_event_none(registry: Registry, writer: Writer) -> None:
    historian = Historian(str(registry.pk), writer=writer)
    for events in range(50):
        historian.note(said("connected", events=events))
    for events in range(50):
        historian.note(said("failing", "unauthorized", text=f"refused {events}", events=events))
    historian.note(said("failing", "timeout"))
    assert writer.write()
    assert steps(registry) == [
        ("connected", ""),
        ("failing", "unauthorized"),
        ("failing", "timeout"),
    ]
    assert registry.transitions.get(reason="unauthorized").text == "refused 0"


def test_a_takeover_leaves_no_row_if_nothing_changed(registry: Registry, writer: Writer) -> None:
    Historian(str(registry.pk), writer=writer).note(said("connected"))
    writer.write()
    other = Writer(threaded=False)
    successor = Historian(str(registry.pk), writer=other)
    successor.note(said("connecting", since=int(time.time() * 1000)))
    successor.note(said("connected"))
    other.write()
    assert steps(registry) == [("connected", "")]
    successor.note(said("failing", "dns"))
    other.write()
    assert steps(registry) == [("connected", ""), ("failing", "dns")]


def test_connecting_counts_once_it_lasts(registry: Registry, writer: Writer) -> None:
    clock = Clock()
    historian = Historian(str(registry.pk), writer=writer, now=clock)
    began = said("connecting", since=int(clock.now * 1000))
    historian.note(began)
    writer.write()
    assert steps(registry) == []
    clock.now += 6
    historian.note(began)
    writer.write()
    assert steps(registry) == [("connecting", "")]
    assert registry.transitions.get().at == datetime.fromtimestamp(clock.now, UTC)


def test_the_newest_thousand_are_kept(registry: Registry, writer: Writer) -> None:
    others = make_registry()
    now = datetime.now(UTC)
    rows = [
        Transition(registry=registry, at=now, phase="failing", reason=str(n)) for n in range(KEPT)
    ]
    Transition.objects.bulk_create([Transition(registry=others, at=now, phase="connected"), *rows])
    historian = Historian(str(registry.pk), writer=writer)
    for number in range(3):
        historian.note(said("connected", str(number)))
    writer.write()
    assert registry.transitions.count() == KEPT
    assert [reason for _, reason in steps(registry)[:1]] == ["3"]
    assert others.transitions.count() == 1


def test_a_hostile_text_is_stored_and_cut(registry: Registry, writer: Writer) -> None:
    text = "nul \0 half \ud800 " + "x" * 10_000
    Historian(str(registry.pk), writer=writer).note(said("failing", "r" * 99, text=text))
    assert writer.write()
    row = registry.transitions.get()
    assert row.text.startswith("nul  half ? x")
    assert len(row.text) == 2000
    assert row.reason == "r" * 50


@pytest.mark.django_db(transaction=True)
def test_a_deleted_registry_holds_nobody_up(writer: Writer) -> None:
    gone, there = make_registry(), make_registry()
    for registry in (gone, there):
        Historian(str(registry.pk), writer=writer).note(said("connected"))
    Registry.objects.filter(pk=gone.pk).delete()
    assert writer.write()
    assert steps(there) == [("connected", "")]


@pytest.mark.django_db(transaction=True)
def test_without_postgresql_the_history_waits_and_is_bounded(
    registry: Registry, writer: Writer
) -> None:
    historian = Historian(str(registry.pk), writer=writer)
    address = connection.settings_dict
    port = address["PORT"]
    historian.note(said("connected"))
    connection.close()
    address["PORT"] = "1"
    try:
        assert not writer.write()
        for number in range(WAITING + 50):
            historian.note(said("failing", str(number)))
        assert not writer.write()
    finally:
        address["PORT"] = port
        connection.close()
    assert writer.write()
    found = steps(registry)
    assert len(found) == WAITING
    assert found[-1] == ("failing", str(WAITING + 49))


def test_spells_tell_how_long_each_lasted(registry: Registry) -> None:
    began = datetime.now(UTC) - timedelta(hours=3)
    for hours, phase in ((0, "connected"), (1, "failing"), (2, "connected")):
        Transition.objects.create(registry=registry, at=began + timedelta(hours=hours), phase=phase)
    found = history.recent(str(registry.pk), limit=2)
    assert [one.transition.phase for one in found] == ["connected", "failing"]
    assert timedelta(minutes=59) < found[0].lasted < timedelta(minutes=61)
    assert found[0].ended_at is None
    assert found[1].lasted == timedelta(hours=1)


@pytest.mark.django_db(transaction=True)
def test_a_thread_of_its_own_writes(registry: Registry) -> None:
    Historian(str(registry.pk)).note(said("connected"))
    eventually(lambda: steps(registry) == [("connected", "")])
