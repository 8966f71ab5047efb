"""How quickly changes reach the feeds: all registries' histograms as one, with the budget."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from console import lags
from console.lags import BOUNDS
from registries.health import Status

# What a change may take from the API server's word to the feed, in seconds.
HALF_BUDGET, MOST_BUDGET = 0.005, 0.05
ENOUGH = 100  # changes; of fewer, 99 % is the slowest one, which may have been the first of all


@dataclass(frozen=True, slots=True)
class Bar:
    """One bucket. `height` is of the tallest, 0 to 1; `health` says on which side of the budget it
    is. `edge`: the budget ends with this bar."""

    up_to: float | None
    count: int
    share: float
    height: float
    health: str
    edge: bool

    @property
    def percent(self) -> str:
        """Its share in words."""
        return _("%(percent).1f %%") % {"percent": self.share * 100}


@dataclass(frozen=True, slots=True)
class Propagation:
    """`half` and `most` are the bounds, in seconds, that 50 % and 99 % of the commits kept; None:
    beyond all bounds."""

    commits: int = 0
    half: float | None = None
    most: float | None = None
    bars: tuple[Bar, ...] = ()

    @property
    def half_in_words(self) -> str:
        return in_words(self.half)

    @property
    def most_in_words(self) -> str:
        return in_words(self.most)

    @property
    def judged(self) -> bool:
        """Whether enough has been measured to say anything of the target."""
        return self.commits >= ENOUGH

    @property
    def kept(self) -> bool:
        """Whether the target is reached."""
        return (
            self.half is not None
            and self.half <= HALF_BUDGET
            and self.most is not None
            and self.most <= MOST_BUDGET
        )


def of(statuses: Iterable[Status]) -> Propagation:
    """Workers count from the beginning of their shift; those of another release are left out."""
    found = [one for one in statuses if len(one.lag_counts) == len(BOUNDS) + 1]
    counts = tuple(map(sum, zip(*(one.lag_counts for one in found), strict=True)))
    commits = sum(counts)
    if not commits:
        return Propagation()
    together = Status(lag_counts=counts)
    listed = lags.of(together)
    tallest = max(one.share for one in listed)
    return Propagation(
        commits=commits,
        half=lags.within(together, 0.5),
        most=lags.within(together, 0.99),
        bars=tuple(
            Bar(
                up_to=one.up_to,
                count=one.count,
                share=one.share,
                height=one.share / tallest,
                health=_health(one.up_to),
                edge=one.up_to == MOST_BUDGET,
            )
            for one in listed
        ),
    )


def in_words(seconds: float | None) -> str:
    """A bound: ``≤ 2.5 ms``; None is beyond all of them."""
    if seconds is None:
        return _("> %(seconds)g s") % {"seconds": BOUNDS[-1]}
    if seconds >= 1:
        return _("≤ %(seconds)g s") % {"seconds": seconds}
    return _("≤ %(millis)g ms") % {"millis": seconds * 1000}


def _health(up_to: float | None) -> str:
    if up_to is None or up_to > 1:
        return "bad"
    return "good" if up_to <= MOST_BUDGET else "warn"
