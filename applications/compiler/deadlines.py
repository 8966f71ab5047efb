"""When something is due: a heap with one deadline a name. Pure."""

from __future__ import annotations

import heapq

_SLACK = 64


class Deadlines:
    """Setting, moving and taking out cost the logarithm of how many there are; looking at the
    next one costs nothing."""

    def __init__(self) -> None:
        self._due: dict[str, int] = {}
        self._heap: list[tuple[int, str]] = []  # also holds what was moved or taken out

    def __len__(self) -> int:
        return len(self._due)

    def put(self, name: str, when: int) -> None:
        """Give a name its deadline; 0: it has none."""
        if self._due.get(name, 0) == when:
            return
        if not when:
            del self._due[name]
        else:
            self._due[name] = when
            heapq.heappush(self._heap, (when, name))
        if len(self._heap) > 2 * len(self._due) + _SLACK:
            self._heap = [(at, one) for one, at in self._due.items()]
            heapq.heapify(self._heap)

    @property
    def next(self) -> int | None:
        self._tidy()
        return self._heap[0][0] if self._heap else None

    def take(self, now: int) -> set[str]:
        """Return the names that are due; they have no deadline any more."""
        due: set[str] = set()
        while (when := self.next) is not None and when <= now:
            _, name = heapq.heappop(self._heap)
            del self._due[name]
            due.add(name)
        return due

    def names(self) -> set[str]:
        return set(self._due)

    def _tidy(self) -> None:
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
