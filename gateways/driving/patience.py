"""How long to wait after a failure: longer each time, up to a limit, and never all at once."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from gateways.drivers.base import DriverError

# Of these a gateway's server says the same until somebody changes something there or here.
_LASTING = frozenset({"unauthorized", "denied", "fenced"})
_SPREAD = 0.2  # of a wait, either way: gateways that failed together do not come back together


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a driving loop does what, in seconds."""

    touch: float = 5.0  # look whether an idle gateway still has everything
    tell: float = 5.0  # an unchanged status
    retry: tuple[float, ...] = (1.0, 2.0, 5.0, 10.0, 30.0)  # after the first, second, … failure
    seldom: float = 60.0  # after a failure that the same again would only repeat
    report: float = 10.0  # the gateway's processes
    audit: float = 30.0  # compare what the gateway serves with what it was given


class Patience:
    """Counts failures in a row. `random` returns a number from 0 to 1."""

    def __init__(self, pace: Pace, *, random: Callable[[], float] = random.random) -> None:
        self._pace = pace
        self._random = random
        self._failures = 0

    def failed(self, *, permanent: bool = False) -> float:
        """Count a failure and return the seconds to wait."""
        retry = self._pace.retry
        wait = self._pace.seldom if permanent else retry[min(self._failures, len(retry) - 1)]
        self._failures += 1
        return wait * (1 - _SPREAD + 2 * _SPREAD * self._random())

    def failed_by(self, error: DriverError) -> float:
        """Count a failure that a driver told of; the same."""
        return self.failed(permanent=error.permanent or error.code in _LASTING)

    def recovered(self) -> None:
        self._failures = 0
