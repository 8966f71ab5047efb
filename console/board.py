"""What workers last said of their owners' work: one JSON value an owner, in Redis.

A word does not expire; its age is part of it. Rows are people's configuration, a board is not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

import msgspec

from console import redis
from console.contract import keys
from console.redis import Client

Word = TypeVar("Word", bound=msgspec.Struct)


class Board(Generic[Word]):
    """The words on one kind of owner. `word` is their struct: made of nothing, it says nothing."""

    def __init__(self, word: type[Word], *, owner: Callable[[str], str]) -> None:
        self._word = word
        self._decoder = msgspec.json.Decoder(word)
        self._owner = owner

    def write(self, client: Client, row_id: str, word: Word) -> None:
        """Called by the owner's worker only. Raises `RedisError`."""
        client.set(keys.status(self._owner(row_id)), msgspec.json.encode(word))

    def say(self, row_id: str, word: Word) -> None:
        """Write a word with the present time as its `said_at`, in milliseconds. Raises
        `RedisError`."""
        dated = msgspec.structs.replace(word, said_at=int(time.time() * 1000))
        self.write(redis.store(), row_id, dated)

    def read(self, row_ids: Iterable[str]) -> dict[str, Word]:
        """The last word on each row, by one look for all. Raises `RedisError`."""
        wanted = list(row_ids)
        if not wanted:
            return {}
        found = redis.store().mget([keys.status(self._owner(one)) for one in wanted])
        return {
            one: self._decoder.decode(data) if data else self._word()
            for one, data in zip(wanted, found, strict=True)
        }


class Speaker(Generic[Word]):
    """Says how one row stands, at a pace that costs its worker little: a new phase at once, other
    news now and then, and an old word again so that its age is that of the worker's last sign.

    The words have the fields `phase` and `said_at`.
    """

    NEWS = 0.5  # seconds between two words of the same phase that differ

    def __init__(
        self,
        board: Board[Word],
        row_id: str,
        *,
        repeat: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._board = board
        self._row_id = row_id
        self._repeat = repeat
        self._clock = clock
        self._said: Word | None = None
        self._said_at = 0.0

    def say(self, word: Word) -> None:
        """Write the word if its time has come. Raises `RedisError`."""
        if self._said is not None:
            silent = self._clock() - self._said_at
            if word == self._said and silent < self._repeat:
                return
            if _phase(word) == _phase(self._said) and silent < min(self.NEWS, self._repeat):
                return
        self._said, self._said_at = word, self._clock()
        self._board.say(self._row_id, word)


def _phase(word: msgspec.Struct) -> object:
    return getattr(word, "phase", None)
