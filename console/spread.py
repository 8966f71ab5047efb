"""How loops are spread over workers: the arithmetic, without any I/O.

Every worker that serves a kind of loop is to hold the same number of it. A worker with its share
declines more while another has less than the same and room; one with more gives some back. Where
the others have no room the share is no limit: work that is done unevenly is better than undone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Another worker, as far as one kind of loop is concerned."""

    held: int  # loops of this kind
    room: int  # loops of any kind that it would take


@dataclass(frozen=True, slots=True)
class Share:
    """What a worker should hold of one kind, and how many loops others would take."""

    fair: int
    elsewhere: int

    def declines(self, mine: int) -> bool:
        """Whether one more is for another worker to take."""
        return mine >= self.fair and self.elsewhere > 0

    def excess(self, mine: int) -> int:
        """How many of mine are for others to take."""
        return max(0, min(mine - self.fair, self.elsewhere))


def share(total: int, others: Sequence[Place]) -> Share:
    """The share of one worker beside others, of all loops of a kind."""
    fair = math.ceil(total / (len(others) + 1))
    return Share(fair, sum(max(0, min(one.room, fair - one.held)) for one in others))


def portion(excess: int, mine: int) -> int:
    """How many of the excess to give back at a time: a twentieth of what is held, at least one.

    Each costs its cluster a list and is without a worker for some milliseconds. At one time a lease
    TTL (15 s) a worker with 250 loops gives half of them to one that joins in three minutes.
    """
    return min(excess, max(1, mine // 20))
