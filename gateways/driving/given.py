"""What a gateway was given, beside which it is seen what it serves. Thread-safe."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable

from console.contract.wire import Resource
from gateways.drivers.base import Changes

# Seconds that a gateway may take to serve what it was given; until then it is no difference.
SETTLE = 5.0
_MOST = 1000  # resources that were taken away; of more the oldest are forgotten


class Given:
    """Moments are those of `time.monotonic`. While the gateway has not been brought all of it,
    nothing can be said. What was taken away is remembered until the gateway was seen to have it no
    more: whoever asks for a few resources has to know what to ask for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._resources: dict[str, Resource] = {}
        self._gone: dict[str, Resource] = {}
        self._changed: dict[str, float] = {}  # key → when, of changes that may be under way
        self._refused: frozenset[str] = frozenset()
        self._whole = False
        self._whole_since = 0.0
        self._room = _MOST  # changes after which the settled ones are looked for

    def __len__(self) -> int:
        return len(self._resources)

    def clear(self) -> None:
        with self._lock:
            self._resources, self._gone = {}, {}

    def note(self, changes: Changes, refused: Collection[str], *, at: float, whole: bool) -> None:
        """`refused`: all keys of which whatever the gateway has is no fault. Costs what changed."""
        with self._lock:
            for key, one in changes.items():
                self._changed[key] = at
                before = self._resources.pop(key, None)
                if one is not None:
                    self._resources[key] = one
                    self._gone.pop(key, None)
                elif before is not None:
                    self._gone[key] = before
                    if len(self._gone) > _MOST:
                        del self._gone[next(iter(self._gone))]
            if len(self._changed) > self._room:  # perhaps nobody ever looks
                self._settle(at)
            self._refused = frozenset(refused)
            if whole and not self._whole:
                self._whole_since = at
            self._whole = whole

    def judgeable(self, asked_at: float) -> bool:
        """Whether anything can be said of what was served at a moment: the gateway had all of it
        for long enough, and still has."""
        return self._whole and self._whole_since <= asked_at - SETTLE

    def keys(self, now: float) -> list[str]:
        """All of them, and those that were taken away; what changed long before this moment is
        settled."""
        with self._lock:
            self._settle(now)
            return [*self._resources, *self._gone]

    def of(self, keys: Iterable[str]) -> dict[str, Resource]:
        """What to ask for by these: of what was taken away, as it was."""
        with self._lock:
            found = ((key, self._resources.get(key) or self._gone.get(key)) for key in keys)
            return {key: one for key, one in found if one is not None}

    def settled(self, keys: Iterable[str], asked_at: float) -> dict[str, Resource | None]:
        """Those of these by which may be judged what was served at a moment: they were not refused,
        and had not changed shortly before or have since. None: it is gone, or never was."""
        before = asked_at - SETTLE
        with self._lock:
            if not self._whole or self._whole_since > before:
                return {}
            return {
                key: self._resources.get(key)
                for key in keys
                if key not in self._refused and self._changed.get(key, before) <= before
            }

    def excused(self, keys: Iterable[str]) -> set[str]:
        """Those of these that were refused."""
        with self._lock:
            return {key for key in keys if key in self._refused}

    def seen_gone(self, key: str) -> None:
        """The gateway does not have it any more."""
        with self._lock:
            self._gone.pop(key, None)

    def _settle(self, now: float) -> None:
        self._changed = {key: at for key, at in self._changed.items() if at > now - SETTLE}
        self._room = max(_MOST, 2 * len(self._changed))
