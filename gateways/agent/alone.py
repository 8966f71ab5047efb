"""One agent a gateway: on this machine by a lock, across machines by an epoch that grows."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

from .config import ConfigError


class Place:
    """The agent's folder, which is made if it is missing. Raises `ConfigError` if another agent
    has it, or if it cannot be written."""

    def __init__(self, folder: Path, gateway: str) -> None:
        self._epoch = folder / f"{gateway}.epoch"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(folder / f"{gateway}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ConfigError(f"state_folder cannot be written: {error}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise ConfigError(f"An agent for the gateway {gateway} runs already.") from error

    def close(self) -> None:
        os.close(self._lock)

    def next_epoch(self, *, wall: Callable[[], float] = time.time) -> int:
        """Higher than all before it here, and than that of an agent elsewhere that began earlier:
        the moment in milliseconds, or one more than the last. Raises `ConfigError`."""
        try:
            last = int(self._epoch.read_text())
        except (OSError, ValueError):
            last = 0
        epoch = max(last + 1, int(wall() * 1000))
        draft = self._epoch.with_suffix(".draft")
        try:
            draft.write_text(str(epoch))
            draft.replace(self._epoch)
        except OSError as error:
            raise ConfigError(f"state_folder cannot be written: {error}") from error
        return epoch
