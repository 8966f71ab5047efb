"""What workers last said of their owners' work: one JSON value an owner, in Redis.

A word does not expire; its age is part of it. Rows are people's configuration, a board is not.
"""

from __future__ import annotations

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
