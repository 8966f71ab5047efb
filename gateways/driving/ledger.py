"""What outlives a shift: the lags that were measured, and what was found by looking.

Lags are of changes: an upstream whose `observed_at` is the one that it had before was edited by a
person, and one that was observed before this ledger began was read long ago; the age of neither
says how quickly changes arrive.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from console.contract.wire import Resource, Upstream
from console.feed import Newest
from console.lags import Lags

HEAL_FIRST, HEAL_LONGEST = 60.0, 3600.0  # seconds between giving everything anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """`News` has the words."""

    lag_ms: int = 0
    audited_at: int = 0
    differences: Mapping[str, str] = field(default_factory=dict)
    healed: int = 0


@dataclass(frozen=True, slots=True)
class Measured:
    """The lags of a gateway, as `gateways.instances.Instance` has them."""

    lag_ms: int | None
    lag_counts: tuple[int, ...]
    lag_sum: float


class Ledger:
    """One a gateway and process. Thread-safe."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._since = int(wall() * 1000)
        self._observed: dict[str, int] = {}
        self._lags = Lags()
        self._measured = False
        self._heal_after = HEAL_FIRST
        self._healed_at = float("-inf")
        self._findings = Findings()
        self.newest: Newest | None = None  # what shifts have read of the control plane's feed

    @property
    def findings(self) -> Findings:
        return self._findings

    @property
    def measured(self) -> Measured:
        with self._lock:
            last = int(self._lags.last * 1000) if self._measured else None
            return Measured(last, self._lags.counts, self._lags.sum)

    def real(self, changes: Mapping[str, Resource | None]) -> dict[str, Upstream]:
        """Those of the changes whose lag means something."""
        found: dict[str, Upstream] = {}
        for key, one in changes.items():
            if not isinstance(one, Upstream):
                self._observed.pop(key, None)
                continue
            before = self._observed.get(key, 0)
            self._observed[key] = one.observed_at
            if one.observed_at > max(before, self._since):
                found[key] = one
        return found

    def lagged(self, milliseconds: int) -> None:
        """A change took so long from the API server's word to the gateway's confirmation."""
        with self._lock:
            self._lags.add(max(0, milliseconds) / 1000)
            self._measured = True
            self._findings = replace(self._findings, lag_ms=max(1, milliseconds))

    def audited(self, at: int, differences: Mapping[str, str]) -> None:
        with self._lock:
            self._findings = replace(self._findings, audited_at=at, differences=differences)
            if not differences:
                self._heal_after = HEAL_FIRST

    def heal(self) -> bool:
        """Count that everything is given anew; False: it was done not long ago and did not help."""
        with self._lock:
            now = self._clock()
            if now - self._healed_at < self._heal_after:
                return False
            if self._findings.healed and now - self._healed_at < 2 * HEAL_LONGEST:
                self._heal_after = min(2 * self._heal_after, HEAL_LONGEST)
            self._healed_at = now
            self._findings = replace(self._findings, healed=self._findings.healed + 1)
            return True
