"""Where an entry stands in the line of time: an order of all entries of all sources. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from registries import chronicle

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CHANGE, _MOVE = 0, 1
_TEXT = re.compile(r"([0-9]{1,17})\.([01])\.([0-9a-zA-Z-]{0,64})\.([0-9]{1,20})", re.ASCII)


class Place(NamedTuple):
    """Newer is greater. `at` is in microseconds since the epoch; what happened at the same one is
    ordered by its source and there by its number."""

    at: int
    source: int
    registry_id: str
    number: int

    @property
    def moment(self) -> datetime:
        return _EPOCH + timedelta(microseconds=self.at)

    def __str__(self) -> str:
        """The place as an address has it."""
        return f"{self.at}.{self.source}.{self.registry_id}.{self.number}"

    def first_change(self) -> tuple[datetime, int]:
        """The first audit entry that is not older stands at this time and has at least this
        number; at a later time any number."""
        if self.source == _CHANGE:
            return self.moment, self.number
        return self.moment + timedelta(microseconds=1), 0

    def last_move(self, registry_id: str) -> str:
        """The newest id of a registry's chronicle that may be older; empty: none is."""
        ms, rest = divmod(self.at, 1000)
        if rest or (self.source == _MOVE and registry_id < self.registry_id):
            return str(ms)
        if self.source == _MOVE and registry_id == self.registry_id and self.number:
            return f"{ms}-{self.number - 1}"
        return str(ms - 1) if ms else ""


def of_change(at: datetime, number: int) -> Place:
    return Place((at - _EPOCH) // _MICROSECOND, _CHANGE, "", number)


def of_move(found: chronicle.Found) -> Place:
    ms, registry_id, number = found.place
    return Place(ms * 1000, _MOVE, registry_id, number)


def parse(text: str) -> Place | None:
    """Read a place out of an address; None for what is none."""
    found = _TEXT.fullmatch(text)
    if not found:
        return None
    return Place(int(found[1]), int(found[2]), found[3], int(found[4]))
