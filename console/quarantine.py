"""Work that kills its worker, again and again, is kept away from the others.

A marker in Redis says that an owner's work is on trial. It goes when the work has settled, or ends
in any way but the death of its process. Who takes the lease next and finds the marker counts a
crash, and holds the work back before it is tried again: for seconds and a random while at first,
because those that died with the culprit are suspects too and settle while the others wait; from
the third crash on for minutes, which is called quarantine.

Work that lasts for longer than the marker has survived what it was given, settled or not.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from console.contract import keys
from console.redis import Client

_TRIAL = 120  # seconds; a worker that dies later has not died of the beginning
_SUSPECT = 3.0  # seconds that a suspect waits for each of its crashes; half as long again by chance
_LIMIT = 3  # crashes until quarantine: each is a worker with all that it ran
_FIRST, _LONGEST = 60, 1800  # seconds of quarantine; doubled with each crash
_REMEMBERED = 4 * _LONGEST  # seconds for which a crash counts
_FORGIVEN = 600  # seconds for which it counts once the work has settled


@dataclass(frozen=True, slots=True)
class Hold:
    """Why work is not started now."""

    crashes: int
    seconds: float

    @property
    def quarantined(self) -> bool:
        return self.crashes >= _LIMIT

    @property
    def text(self) -> str:
        """For its board: a sentence that a person can act on."""
        return (
            f"In quarantine: {self.crashes} workers in a row died while they began this work. It is"
            f" tried again in {self.seconds / 60:.0f} min. Look at the workers' last log lines and"
            " their memory limits; disable it if it is not needed."
        )


def examine(client: Client, owner: str, *, chance: float | None = None) -> Hold | None:
    """Look whether the last worker died of this work; if so, hold it back and say for how long.

    Called by the lease holder before it begins. `chance` in [0, 1) replaces a random number.
    Raises `RedisError`.
    """
    if not client.delete(keys.trial(owner)):
        return None
    crashes = int(client.incr(keys.crashes(owner)))
    client.expire(keys.crashes(owner), _REMEMBERED)
    hold = Hold(crashes, pause(crashes, random.random() if chance is None else chance))  # noqa: S311
    client.set(keys.held_back(owner), crashes, px=int(hold.seconds * 1000))
    return hold


def pause(crashes: int, chance: float) -> float:
    """Seconds to wait after so many crashes in a row."""
    if crashes < _LIMIT:
        return _SUSPECT * crashes * (1 + chance / 2)
    return float(min(_FIRST * 2 ** min(crashes - _LIMIT, 10), _LONGEST))


def begin(client: Client, owner: str) -> None:
    """Put the work on trial. Raises `RedisError`."""
    client.set(keys.trial(owner), 1, ex=_TRIAL)


def settle(client: Client, owner: str) -> None:
    """The work has survived its beginning, or has ended and its process lives: soon it is as
    innocent as any. Raises `RedisError`."""
    client.delete(keys.trial(owner))
    client.expire(keys.crashes(owner), _FORGIVEN)
