"""How long commits took, by the histogram that a worker keeps."""

from __future__ import annotations

from dataclasses import dataclass

from registries.health import LAG_BUCKETS, Status


@dataclass(frozen=True, slots=True)
class Bucket:
    """Commits that took longer than the bucket before and at most `up_to` seconds; None: longer
    than all others. `share` is of all commits."""

    up_to: float | None
    count: int
    share: float


def of(status: Status) -> list[Bucket]:
    """The histogram; empty if the worker is of a release that counts in other buckets."""
    counts = status.lag_counts
    if len(counts) != len(LAG_BUCKETS) + 1:
        return []
    total = sum(counts) or 1
    bounds = (*LAG_BUCKETS, None)
    return [
        Bucket(up_to, count, count / total) for up_to, count in zip(bounds, counts, strict=True)
    ]


def within(status: Status, share: float) -> float | None:
    """The bound, in seconds, that at least this share of the commits kept; None: there is none,
    or nothing was committed yet."""
    left = share
    for bucket in of(status):
        left -= bucket.share
        if left <= 1e-9:
            return bucket.up_to
    return None
