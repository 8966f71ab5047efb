"""How long changes took from the API server's word to the feed, as a histogram."""

from __future__ import annotations

from bisect import bisect_left

from registries.health import LAG_BUCKETS


class Lags:
    """One lag a commit: that of its oldest change."""

    def __init__(self) -> None:
        self._counts = [0] * (len(LAG_BUCKETS) + 1)
        self.sum = 0.0
        self.last = 0.0

    def add(self, seconds: float) -> None:
        self._counts[bisect_left(LAG_BUCKETS, seconds)] += 1
        self.sum += seconds
        self.last = seconds

    @property
    def counts(self) -> tuple[int, ...]:
        """Commits by lag: one number for each of `LAG_BUCKETS`, one for what is above."""
        return tuple(self._counts)
