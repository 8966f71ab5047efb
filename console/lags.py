"""How long changes took, as a histogram of fixed buckets that whoever measures keeps."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

# Upper bounds in seconds; one bucket more is for what took longer. Fine around the budget of 5 ms,
# coarse where a lag is a failure anyway.
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Lags:
    """Counts lags, one a change or commit."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS) + 1)
        self.sum = 0.0
        self.last = 0.0

    def add(self, seconds: float) -> None:
        self._counts[bisect_left(BOUNDS, seconds)] += 1
        self.sum += seconds
        self.last = seconds

    @property
    def counts(self) -> tuple[int, ...]:
        """Changes by lag: one number for each of `BOUNDS`, one for what is above."""
        return tuple(self._counts)


class Counted(Protocol):
    """What a histogram is read from: a worker's status, a gateway's instance."""

    @property
    def lag_counts(self) -> Sequence[int]: ...


@dataclass(frozen=True, slots=True)
class Bucket:
    """Changes that took longer than the bucket before and at most `up_to` seconds; None: longer
    than all others. `share` is of all changes."""

    up_to: float | None
    count: int
    share: float


def of(counted: Counted) -> list[Bucket]:
    """The histogram; empty if it was counted in other buckets, by another release."""
    counts = counted.lag_counts
    if len(counts) != len(BOUNDS) + 1:
        return []
    total = sum(counts) or 1
    bounds = (*BOUNDS, None)
    return [
        Bucket(up_to, count, count / total) for up_to, count in zip(bounds, counts, strict=True)
    ]


def within(counted: Counted, share: float) -> float | None:
    """The bound, in seconds, that at least this share of the changes kept; None: there is none,
    or nothing was counted yet."""
    left = share
    for bucket in of(counted):
        left -= bucket.share
        if left <= 1e-9:
            return bucket.up_to
    return None
