"""How long to wait after a failure: with jitter, so that many registries do not come back as one.

The figures are client-go's: it has carried the load of every Kubernetes cluster for years.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

FIRST = 0.8  # seconds; the longest first wait
LONGEST = 30.0  # seconds
ASKED_AT_MOST = 300.0  # seconds; a server that asks for more is asked again nevertheless
HEALTHY_AFTER = 120.0  # seconds without a failure after which the next one counts as the first


class Backoff:
    """One reflector's patience. `random` returns a number from 0 to 1."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = random.random,
    ) -> None:
        self._clock = clock
        self._random = random
        self._failed_at = 0.0
        self.failures = 0

    def failed(self, *, at_least: float = 0.0) -> float:
        """Count a failure and return the seconds to wait, never less than the server asked for."""
        now = self._clock()
        if self.failures and now - self._failed_at > HEALTHY_AFTER:
            self.failures = 0
        ceiling = min(LONGEST, FIRST * 2.0**self.failures)
        self.failures = min(self.failures + 1, 10)
        self._failed_at = now
        # Half of it is fixed: jitter over all of it would now and then not wait at all.
        return max(0.0, min(at_least, ASKED_AT_MOST)) + ceiling * (0.5 + 0.5 * self._random())

    def recovered(self) -> None:
        self.failures = 0
