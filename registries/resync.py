"""Reading a cluster anew because somebody asked for it.

Where all is well, everything that is held is compared with a list at once; the watch goes on
whatever comes of that, and nothing is removed that could not be read. Where the cluster cannot be
read, the watcher begins anew: new connections, the token and the name looked up again, and no
waiting for the next try.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from registries.health import Phase
from registries.kube.reflector import Reflector, recheck
from registries.rows import Row


@dataclass(frozen=True, slots=True)
class Met:
    """The newest request that was met, `at` in milliseconds; see `recheck.Verdict`. `different` is
    None where a first list met it, which had nothing to be compared with."""

    number: int = 0
    at: int = 0
    different: int | None = None
    error: str = ""
    reason: str = ""


class Resync:
    """What one shift of a watcher makes of the requests. The first lists of a shift meet all that
    was asked for before it."""

    def __init__(
        self,
        row: Row,
        reflectors: Callable[[], Sequence[Reflector]],
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._row = row
        self._reflectors = reflectors
        self._now = now
        self._first = _asked(row)
        self.met = Met()

    def pursue(self, phase: str) -> bool:
        """Take a step; called again and again. True if the shift had better begin anew."""
        if phase == Phase.CONNECTED and self._first > self.met.number:
            self.met = Met(self._first, self._millis())
        asked = _asked(self._row)
        if asked <= max(self._first, self.met.number):
            return False
        if phase == Phase.CONNECTED:
            self._compare(asked)
        return phase == Phase.FAILING

    def _compare(self, asked: int) -> None:
        reflectors = self._reflectors()
        for one in reflectors:
            one.recheck.ask(asked)
        verdicts = [one.recheck.verdict for one in reflectors]
        if all(one.number >= asked for one in verdicts):
            failed = next((one for one in verdicts if one.error), recheck.Verdict())
            self.met = Met(
                asked,
                self._millis(),
                different=sum(one.different for one in verdicts),
                error=failed.error,
                reason=failed.reason,
            )

    def _millis(self) -> int:
        return int(self._now() * 1000)


def _asked(row: Row) -> int:
    """The newest request; 0: there was none."""
    return row.seen.resync if row.seen is not None else 0
