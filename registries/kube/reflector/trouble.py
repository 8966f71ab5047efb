"""What a failure means: how long to wait, what to forget, whether to tell people. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from registries.kube.backoff import Backoff
from registries.kube.errors import Cut, Denied, Doubtful, Expired, KubeError, Silent, TooLarge

from .timing import Timing


class Keep(Enum):
    """What of our version is still worth something."""

    ALL = auto()  # watch on from it
    FLOOR = auto()  # list, and take nothing older than it
    NOTHING = auto()  # list whatever the server agrees on now


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    pause: float = 0.0  # seconds
    keep: Keep = Keep.ALL
    told: bool = True  # it is a failure that people should hear of
    uncertain: bool = False  # whoever answers next may be another server
    outage: bool = False  # the server was away, long enough for anything


class Trouble:
    """One reflector's failures."""

    def __init__(
        self, *, timing: Timing, clock: Callable[[], float], random: Callable[[], float]
    ) -> None:
        self._timing = timing
        self._clock = clock
        self._backoff = Backoff(clock=clock, random=random)
        self._expired_at = -timing.soon
        self.denials = 0

    def unexpected(self) -> float:
        """The seconds to wait after something that has no name."""
        return self._backoff.failed()

    def after_end(self, lived: float, asked_for: float) -> Outcome:
        """A watch ended cleanly after `lived` of the `asked_for` seconds."""
        if lived >= self._timing.healthy:
            self._backoff.recovered()
        early = lived < 0.9 * asked_for
        short = lived < self._timing.short_watch
        return Outcome(pause=self._backoff.failed() if short else 0.0, uncertain=early)

    def after(self, error: KubeError, *, lived: float) -> Outcome:
        """`lived`: how long the watch was open, 0 if it never was."""
        if lived >= self._timing.healthy:
            self._backoff.recovered()
        if isinstance(error, Doubtful):
            return Outcome(pause=self._timing.confirm_after)
        if isinstance(error, Expired | TooLarge):
            # A list is the cure. Once is ordinary; a server that always says so is not pressed.
            soon = self._clock() - self._expired_at < self._timing.soon
            self._expired_at = self._clock()
            pause = self._backoff.failed(at_least=error.retry_after) if soon else 0.0
            if isinstance(error, Expired):
                return Outcome(pause=pause, keep=Keep.FLOOR, told=False)
            return Outcome(pause=pause, keep=Keep.NOTHING)
        if isinstance(error, Silent) or (
            isinstance(error, Cut) and lived >= self._timing.short_watch
        ):
            # Servers restart and ways break: no more than a reason to watch again.
            return Outcome(told=False, uncertain=True)
        pause = self._backoff.failed(at_least=error.retry_after)
        if isinstance(error, Denied):
            return self._denied(pause)
        return Outcome(pause=pause, uncertain=True, outage=True)

    def _denied(self, pause: float) -> Outcome:
        """An API server denies everything for a moment after its start: a resource is given up for
        another only if the server insists, and one denial is not told."""
        self.denials += 1
        insists = self.denials >= self._timing.denials
        return Outcome(
            pause=pause,
            keep=Keep.FLOOR if insists else Keep.ALL,
            told=self.denials > 1,
            uncertain=True,
            outage=True,
        )
