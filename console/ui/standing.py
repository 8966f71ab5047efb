"""How rows stand, for pages: what their workers said, and a badge for it.

Never raises: with Redis away nothing is known of any row, and pages say that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from console.redis import RedisError
from console.ui.pages import Badge


class Said(Protocol):
    """A worker's word, as far as a badge needs it."""

    @property
    def phase(self) -> str: ...


Row = TypeVar("Row", bound=models.Model)
Word = TypeVar("Word", bound=Said)


@dataclass(frozen=True, slots=True)
class Standing(Generic[Word]):
    """`known` is False when Redis did not answer: then the status says nothing."""

    status: Word
    badge: Badge
    known: bool = True


class Standings(Generic[Row, Word]):
    """Reads the standings of one kind of row. `phases` must have the values unknown and disabled;
    `nothing` is the word of a worker that has not spoken."""

    def __init__(
        self,
        *,
        read: Callable[[Iterable[str]], Mapping[str, Word]],
        phases: type[models.TextChoices],
        colours: Mapping[Any, str],
        nothing: Word,
    ) -> None:
        self._read = read
        self._phases = phases
        self._colours = colours
        self._nothing = nothing

    def of(self, rows: Iterable[Row]) -> dict[str, Standing[Word]]:
        """The standing of each row, by its id as text; one look into Redis for all."""
        listed = list(rows)
        try:
            found = self._read(str(row.pk) for row in listed)
        except RedisError:
            lost = Standing(self._nothing, Badge(_("unknown")), known=False)
            return {str(row.pk): lost for row in listed}
        return {str(row.pk): self._standing(row, found[str(row.pk)]) for row in listed}

    def with_standing(self, rows: Iterable[Row]) -> list[tuple[Row, Standing[Word]]]:
        listed = list(rows)
        found = self.of(listed)
        return [(row, found[str(row.pk)]) for row in listed]

    def _standing(self, row: Row, word: Word) -> Standing[Word]:
        phase = self._phases(word.phase if word.phase in self._phases.values else "unknown")
        if not getattr(row, "enabled", True):  # a row without the switch is always on
            phase = self._phases("disabled")
        return Standing(word, Badge(phase.label, self._colours[phase]))
