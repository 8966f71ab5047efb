"""The last good state on disk.

One file, replaced in one step, for its owner alone: a line that says whose it is, then the states.
What is damaged, or another gateway's, is as good as nothing. Losing the newest second is no harm:
the feed has it.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

log = logging.getLogger(__name__)

EVERY = 1.0  # seconds between two writings
_VERSION = 1
# Of the time, at most this part is spent on writing: great states are written less often.
_SHARE = 20


class Kept(Struct, frozen=True):
    """States by their keys, and the position in the feed that they are of."""

    states: dict[str, bytes]
    position: str


class _Header(Struct, frozen=True, kw_only=True):
    portolan_agent: int  # the version of this format
    control_plane: str
    gateway: str
    position: str
    saved_at: int
    digest: str


class LastGood:
    def __init__(self, folder: Path, *, control_plane: str, gateway: str) -> None:
        self._path = folder / f"{gateway}.last-good"
        self._control_plane = control_plane
        self._gateway = gateway

    def load(self) -> Kept | None:
        """None, and a line in the log, if there is none that can be used."""
        try:
            first, _newline, body = self._path.read_bytes().partition(b"\n")
            header = msgspec.json.decode(first, type=_Header)
            states = msgspec.json.decode(body, type=dict[str, bytes])
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            log.warning("%s is not used: %s", self._path.name, error)
            return None
        wrong = self._wrong(header, body)
        if wrong:
            log.warning("%s is not used: %s", self._path.name, wrong)
            return None
        return Kept(states, header.position)

    def save(self, kept: Kept) -> None:
        """Raises `OSError`."""
        body = msgspec.json.encode(kept.states)
        header = _Header(
            portolan_agent=_VERSION,
            control_plane=self._control_plane,
            gateway=self._gateway,
            position=kept.position,
            saved_at=int(time.time() * 1000),
            digest=_digest(body),
        )
        draft = self._path.with_name(f".{self._path.name}.draft")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(header) + b"\n" + body)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)

    def _wrong(self, header: _Header, body: bytes) -> str:
        if header.portolan_agent != _VERSION:
            return f"it has the format {header.portolan_agent}"
        if header.control_plane != self._control_plane or header.gateway != self._gateway:
            return "it is of another gateway"
        return "" if header.digest == _digest(body) else "it is damaged"


def _digest(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=16).hexdigest()


class Keeper:
    """Writes the newest state from a thread of its own: no change waits for a disk. `look` gives
    the state if there is one that was not given yet."""

    def __init__(self, last_good: LastGood, look: Callable[[], Kept | None]) -> None:
        self._last_good = last_good
        self._look = look
        self._over = threading.Event()
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="last good", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Write what is left."""
        self._over.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        pause = EVERY
        while not self._over.wait(pause):
            pause = max(EVERY, _SHARE * self._write())
        self._write()

    def _write(self) -> float:
        """Return the seconds that it took."""
        began = time.monotonic()
        kept = self._look()
        if kept is not None:
            try:
                self._last_good.save(kept)
                self._failing = False
            except OSError as error:
                if not self._failing:
                    log.error("The last good state cannot be kept: %s", error)
                self._failing = True
        return time.monotonic() - began
