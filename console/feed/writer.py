"""The only hand that writes a feed.

A writer is made for one epoch. `open` fences every older epoch off and learns what the feed holds;
after that `commit` writes what differs, atomically, and nothing when nothing differs. One thread
uses a writer.

A commit may fail in three ways, each an exception with a plain meaning:

* `Fenced`: a newer epoch owns the feed. Stop; whatever this writer believes is history.
* `FeedLost`: the server no longer holds what was committed (flushed, restarted empty, failed over).
  Call `replace` with everything that is true.
* `RedisError`: no answer. The commit may have happened; call `commit` again, with newer changes
  if there are any: the writer first finds out, so that nothing is written twice or left out.

There is no length to wait for a reader: readers come to the states.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from console.contract import wire
from console.contract.keys import FeedKeys
from console.redis import Client

from . import scripts

# Entries kept in the stream of changes: a reader that was away for longer reads all states again,
# which costs it one scan.
STREAM_LENGTH = 10_000
_SCAN = 500


class Fenced(Exception):
    """A newer epoch owns the feed: `epoch`."""

    def __init__(self, key: str, epoch: bytes | int) -> None:
        self.epoch = int(epoch)
        super().__init__(f"epoch {self.epoch} owns {key}")


class FeedLost(Exception):
    """The server has lost commits of this writer."""


@dataclass(frozen=True, slots=True)
class _Pending:
    """A commit whose answer never came."""

    seq: int
    name: str
    digests: dict[str, int]
    checksum: int
    drop: bool


class FeedWriter:
    def __init__(
        self,
        client: Client,
        keys: FeedKeys,
        *,
        epoch: int,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._keys = keys
        self._now = now
        self._claim = client.register_script(scripts.CLAIM)
        self._commit = client.register_script(scripts.COMMIT)
        self._digests: dict[str, int] = {}
        self._pending: _Pending | None = None
        self._lost = False
        self._tried = 0
        self.checksum = 0
        self.epoch = epoch
        self.seq = 0
        self.source = ""  # what the last commit before `open` said of its source

    @property
    def next_seq(self) -> int:
        """The seq that the next commit will get, for states that carry it."""
        return self.seq + 1

    def open(self) -> dict[str, bytes]:
        """Take the feed over and return the states it holds. Raises `Fenced`."""
        word, epoch, seq = self._claim(keys=[self._keys.meta], args=[self.epoch])
        if word == b"fenced":
            raise Fenced(self._keys.meta, epoch)
        states = dict(scan(self._client, self._keys))
        self.source = (self._client.hget(self._keys.meta, "source") or b"").decode()
        self.seq = int(seq)
        self._digests = {key: wire.state_digest(key, value) for key, value in states.items()}
        self.checksum = wire.checksum(self._digests.values())
        self._tried = max(self._tried, self.seq)
        self._pending = None
        self._lost = False
        return states

    def commit(
        self, changes: Mapping[str, bytes | None], *, source: str = "", always: bool = False
    ) -> bool:
        """Write the states that differ; None removes one. Tell whether anything was written.

        `always` commits even if nothing differs: the first commit of a feed must be made, because
        it turns "nothing is known" into "there is nothing". Raises `Fenced`, `FeedLost`,
        `RedisError`.
        """
        settled = self.settle()
        different = {key: value for key, value in changes.items() if self._differs(key, value)}
        if not different and (settled or not always):
            return settled
        self._write(different, source=source, drop=False)
        return True

    def replace(self, states: Mapping[str, bytes], *, source: str = "") -> None:
        """Write all states anew, whatever the feed holds. Raises `Fenced`, `RedisError`; then
        everything but another `replace` is refused as `FeedLost`.

        It leaves a seq out: readers see the gap and read all states, for nobody knows any more
        which of the commits before they have heard of.
        """
        self._lost = True
        stored = self._client.hget(self._keys.meta, "seq")
        # Another history may have counted further than this writer did.
        self.seq = max(self._tried, int(stored or 0)) + 1
        self._write(states, source=source, drop=True)

    def verify(self) -> None:
        """Raise `FeedLost` or `Fenced` unless the server holds exactly what was committed."""
        self.settle()
        epoch, seq, checksum = self._client.hmget(self._keys.meta, ["epoch", "seq", "checksum"])
        if int(epoch or 0) > self.epoch:
            raise Fenced(self._keys.meta, epoch)
        held = self._client.hlen(self._keys.states)
        if (
            int(epoch or 0) != self.epoch
            or int(seq or 0) != self.seq
            or held != len(self._digests)
            or (self.seq and int(checksum or b"0", 16) != self.checksum)
        ):
            raise FeedLost(f"{self._keys.meta} is at {epoch!r}-{seq!r}, not at {self.seq}")

    def _differs(self, key: str, value: bytes | None) -> bool:
        if value is None:
            return key in self._digests
        return self._digests.get(key) != wire.state_digest(key, value)

    def _write(self, changes: Mapping[str, bytes | None], *, source: str, drop: bool) -> None:
        held = {} if drop else self._digests
        checksum = 0 if drop else self.checksum
        sets: list[str | bytes] = []
        removed: list[str] = []
        after: dict[str, int] = {}
        for key, value in sorted(changes.items()):
            checksum ^= held.get(key, 0)
            if value is None:
                removed.append(key)
            else:
                after[key] = wire.state_digest(key, value)
                checksum ^= after[key]
                sets += [key, value]
        seq = self.seq + 1
        name = _name_of(self.epoch, seq, checksum)
        keys = json.dumps(sorted(changes), separators=(",", ":"))
        at = int(self._now() * 1000)
        arguments = [self.epoch, seq, name, f"{checksum:x}", at, source, keys, STREAM_LENGTH]
        self._pending = _Pending(seq, name, {**dict.fromkeys(removed, 0), **after}, checksum, drop)
        self._tried = max(self._tried, seq)
        word, epoch, stored = self._commit(
            keys=self._keys.all(),
            args=[*arguments, int(drop), len(sets) // 2, *sets, *removed],
        )
        if word == b"committed":
            self._adopt(self._pending)
            return
        self._pending = None
        if word == b"fenced":
            self._lost = False  # it is somebody else's to find
            raise Fenced(self._keys.meta, epoch)
        raise FeedLost(f"{self._keys.meta} is at {epoch}-{stored}, not at {self.epoch}-{self.seq}")

    def settle(self) -> bool:
        """Find out what became of a commit whose answer was lost; tell whether there was one and
        it happened. Raises `Fenced`, `FeedLost`, `RedisError`."""
        if self._pending is None:
            if self._lost:
                raise FeedLost(f"{self._keys.meta} was not replaced")
            return False
        epoch, seq, name = self._client.hmget(self._keys.meta, ["epoch", "seq", "commit"])
        if int(epoch or 0) > self.epoch:
            raise Fenced(self._keys.meta, epoch)
        pending, self._pending = self._pending, None
        if int(seq or 0) == pending.seq and (name or b"").decode() == pending.name:
            self._adopt(pending)
            return True
        if self._lost:
            raise FeedLost(f"{self._keys.meta} was not replaced")
        return False

    def _adopt(self, done: _Pending) -> None:
        if done.drop:
            self._digests = {}
            self._lost = False
        for key, value in done.digests.items():
            if value:
                self._digests[key] = value
            else:
                self._digests.pop(key, None)
        self.checksum = done.checksum
        self.seq = done.seq
        self._pending = None


def erase(client: Client, keys: FeedKeys) -> None:
    """Remove a feed whose owner no longer exists. Raises `RedisError`."""
    client.unlink(*keys.all())


def scan(client: Client, keys: FeedKeys) -> list[tuple[str, bytes]]:
    """Read all states in steps that hold the server up for a moment only."""
    return [(key.decode(), value) for key, value in client.hscan_iter(keys.states, count=_SCAN)]


def _name_of(epoch: int, seq: int, checksum: int) -> str:
    return hashlib.blake2b(f"{epoch}-{seq}-{checksum:x}".encode(), digest_size=8).hexdigest()
