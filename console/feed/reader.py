"""Reading a feed: the states once, then the changes, always ending at the present.

`follow` waits on several streams at once and asks each follower to absorb what came. A
`FeedReader` turns it into changed states; `console.wakeups` has another follower. Wake-ups may be
lost, doubled or merged: a reader that doubts reads all states again and still reports only what
differs from what it reported before.

A feed that has never been published, or that Redis has lost, reports nothing: its reader keeps
what it had until the writer publishes again. So it does while Redis has an older copy (a replica
that lagged became primary): a lower position whose last commit is no later than the newest that was
read. A lower position with a later commit is a history that began anew, and is followed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from console.contract import wire
from console.contract.keys import FeedKeys
from console.redis import Client

from .writer import scan

# A quiet stream may also be a lost one (flushed, restarted empty): seconds between looks at the
# meta hash of a feed from which nothing comes.
DOUBT_AFTER = 2.0
# Seconds before entries that could not be taken, as the rest of the feed is lost, come again.
_STUCK = 0.2
_CHUNK = 200

Entries = Sequence[tuple[bytes, dict[bytes, bytes]]]
States = dict[str, bytes | None]


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a feed's history."""

    epoch: int
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.seq}"


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest commit that somebody has read: `at` is its wall clock, in milliseconds."""

    position: Position
    at: int


class Followed(Protocol):
    """What `follow` needs of a follower: where to read on, and what to do with what came."""

    @property
    def stream(self) -> str: ...

    @property
    def last_id(self) -> str: ...

    def absorb(self, entries: Entries) -> None:
        """Take new entries; called with none when the wait was over."""


def follow(client: Client, followed: Iterable[Followed], *, block: float) -> None:
    """Wait up to `block` seconds for entries on any stream, then let every follower absorb.

    Raises `RedisError`; followers that were not reached are as before.
    """
    followers = list(followed)
    streams: dict[Any, Any] = {one.stream: one.last_id for one in followers}
    answer = client.xread(streams, block=max(1, int(block * 1000))) if streams else []
    came: dict[str, Entries] = {stream.decode(): entries for stream, entries in answer or []}
    stuck = False
    for one in followers:
        entries, before = came.get(one.stream, ()), one.last_id
        one.absorb(entries)
        stuck = stuck or (bool(entries) and one.last_id == before)
    if stuck:
        time.sleep(min(_STUCK, block))


class FeedReader:
    """Follows one feed. `take` hands out what changed since it was last called. `since`: what
    another reader, for whom this one goes on, has read."""

    def __init__(
        self,
        client: Client,
        keys: FeedKeys,
        *,
        clock: Callable[[], float] = time.monotonic,
        since: Newest | None = None,
    ) -> None:
        self._client = client
        self._keys = keys
        self._clock = clock
        self._since = since
        self._digests: dict[str, int] = {}
        self._checksum = 0
        self._changed: States = {}
        self._looked = clock()
        self.position: Position | None = None
        self.committed_at = 0  # wall clock of the newest commit read, in milliseconds

    @property
    def stream(self) -> str:
        return self._keys.changes

    @property
    def last_id(self) -> str:
        mine = self.newest
        return str(mine.position) if mine else "0-0"

    @property
    def newest(self) -> Newest | None:
        """None: nothing is known of this feed."""
        if self.position is None:
            return self._since
        return Newest(self.position, self.committed_at)

    @property
    def known(self) -> bool:
        """Whether this feed has ever been read: False means that nothing is known yet."""
        return self.position is not None

    def take(self) -> States:
        """Return the states that changed since the last call; None means removed."""
        changed, self._changed = self._changed, {}
        return changed

    def look(self, names: list[str]) -> States:
        """Read some states as they are now, beside `take`: for a consumer that had passed over
        them. Raises `RedisError`."""
        return self._read(names)

    def sync(self) -> None:
        """Read all states, if the feed has been published and is no old copy. Raises
        `RedisError`."""
        self._sync(proven=False)

    def _sync(self, *, proven: bool) -> None:
        """`proven`: the stream has gone on, so that this is no old copy."""
        epoch, seq, at = self._client.hmget(self._keys.meta, ["epoch", "seq", "at"])
        self._looked = self._clock()
        if not int(seq or 0):
            return
        if not proven and self._is_old(Position(int(epoch), int(seq)), int(at or 0)):
            return
        states: States = dict(scan(self._client, self._keys))
        if not self._client.hexists(self._keys.meta, "seq"):
            return  # lost while it was read: what is missing now is not gone
        gone: States = dict.fromkeys(self._digests.keys() - states.keys())
        self._note({**gone, **states})
        self.position = Position(int(epoch), int(seq))
        self.committed_at = int(at or 0)

    def _is_old(self, position: Position, at: int) -> bool:
        mine = self.newest
        return mine is not None and at <= mine.at and position < mine.position

    def absorb(self, entries: Entries) -> None:
        if not entries:
            self._doubt()
            return
        self._looked = self._clock()
        position, keys, at = self.position, set[str](), self.committed_at
        for entry_id, fields in entries:
            epoch, seq = (int(part) for part in entry_id.split(b"-"))
            if position is None or epoch != position.epoch or seq != position.seq + 1:
                self._sync(proven=self.newest is not None)
                return
            position = Position(epoch, seq)
            keys.update(json.loads(fields[b"keys"]))
            at = int(fields[b"at"])
        states = self._read(sorted(keys))
        if None in states.values() and not self._client.hexists(self._keys.meta, "seq"):
            return  # lost since the entries came
        self._note(states)
        self.position, self.committed_at = position, at

    def _doubt(self) -> None:
        """Look whether the silence is true: a lost stream would be silent for ever, and a feed that
        began anew could come to the same position with other states."""
        if self._clock() - self._looked < DOUBT_AFTER:
            return
        self._looked = self._clock()
        epoch, seq, total = self._client.hmget(self._keys.meta, ["epoch", "seq", "checksum"])
        if not int(seq or 0):
            return
        if self.position != Position(int(epoch), int(seq)) or self._checksum != int(total, 16):
            self.sync()

    def _read(self, keys: list[str]) -> States:
        states: States = {}
        for start in range(0, len(keys), _CHUNK):
            chunk = keys[start : start + _CHUNK]
            states.update(zip(chunk, self._client.hmget(self._keys.states, chunk), strict=True))
        return states

    def _note(self, states: States) -> None:
        for key, value in states.items():
            before = self._digests.pop(key, 0)
            digest = wire.state_digest(key, value) if value is not None else 0
            if digest:
                self._digests[key] = digest
            if digest != before:
                self._checksum ^= before ^ digest
                self._changed[key] = value
