"""Endpoints on their way from one slice of a service to another.

The two events have no order. If the loss comes first, the service is held back for a moment, until
its other half has come; without one the loss is published then.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from registries.kube.parts import Part
from registries.union import addresses

# A server sends the two halves within a few milliseconds (measured: below 2).
SETTLE = 0.02  # seconds


class Moves:
    """Which services are held back, until when. Its users take turns."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def note(
        self, service: str, before: Part | None, after: Part | None, siblings: Iterable[Part]
    ) -> None:
        """Take a change of one part of a service; `siblings` are its other parts now. A loss does
        not hold back for longer what is held back already."""
        kin = [one for one in siblings if one.family == (after or before or one).family]
        if not kin:
            self._until.pop(service, None)
            return
        had, has = addresses(before), addresses(after)
        if has - had:
            self._until.pop(service, None)
        elif had - has - set().union(*map(addresses, kin)):
            self._until.setdefault(service, self._clock() + SETTLE)

    def held(self) -> Collection[str]:
        """The services that are held back now."""
        if not self._until:
            return ()
        now = self._clock()
        self._until = {name: until for name, until in self._until.items() if until > now}
        return self._until.keys()

    @property
    def left(self) -> float:
        """The seconds until the first of them is let go."""
        if not self._until:
            return float("inf")
        return max(0.0, min(self._until.values()) - self._clock())

    def forget(self) -> None:
        self._until.clear()
