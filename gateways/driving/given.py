"""What a gateway was given, beside which it is seen what it serves. Thread-safe."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable

from console.contract.wire import Resource
from gateways.drivers.base import Changes

# Seconds that a gateway may take to serve what it was given; until then it is no difference.
SETTLE = 5.0


class Given:
    """Moments are those of `time.monotonic`. While it is not `whole`, the gateway has not been
    brought all of it, and nothing can be said."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._resources: dict[str, Resource] = {}
        self._changed: dict[str, float] = {}  # key → when, of changes that may be under way
        self._refused: frozenset[str] = frozenset()
        self._whole_since = 0.0
        self.whole = False

    def clear(self) -> None:
        with self._lock:
            self._resources = {}

    def note(self, changes: Changes, refused: Collection[str], *, at: float, whole: bool) -> None:
        """Costs what changed."""
        with self._lock:
            for key, one in changes.items():
                self._changed[key] = at
                if one is None:
                    self._resources.pop(key, None)
                else:
                    self._resources[key] = one
            self._refused = frozenset(refused)
            if whole and not self.whole:
                self._whole_since = at
            self.whole = whole

    def keys(self, now: float) -> list[str]:
        """All of them; what changed long before this moment is settled."""
        with self._lock:
            self._changed = {key: at for key, at in self._changed.items() if at > now - SETTLE}
            return list(self._resources)

    def of(self, keys: Iterable[str]) -> dict[str, Resource]:
        with self._lock:
            return {key: one for key in keys if (one := self._resources.get(key)) is not None}

    def settled(self, keys: Iterable[str], asked_at: float) -> dict[str, Resource | None]:
        """Those of these by which may be judged what was served at a moment: they were not refused,
        and had not changed shortly before or have since. None: it is gone, or never was."""
        before = asked_at - SETTLE
        with self._lock:
            if not self.whole or self._whole_since > before:
                return {}
            return {
                key: self._resources.get(key)
                for key in keys
                if key not in self._refused and self._changed.get(key, before) <= before
            }
