"""Waiting for a server to answer, as long as it makes sense."""

from __future__ import annotations

import time
from collections.abc import Callable

from .errors import StartError


def wait_until(
    attempt: Callable[[], str],
    check: Callable[[], None],
    *,
    timeout: float,
    what: str,
    pause: float = 0.02,
) -> None:
    """Return once `attempt` gives "": until then it says what is still missing. `check` raises if
    there is no point in going on. Raises `StartError` after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while missing := attempt():
        check()
        if time.monotonic() > deadline:
            raise StartError(f"{what} after {timeout:.0f} s. The last answer was: {missing}")
        time.sleep(pause)
