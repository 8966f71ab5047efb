"""Comparing a tree with what was written into it, a little at a time: reading all of a great tree
at once would hold up whoever waits to change it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from console.redis import Client

from . import names, poison
from .keys import Keys

CHUNK = 500  # keys of one command


@dataclass(slots=True)
class Found:
    """`right`: names of ours that hold something else, or are gone, with what belongs there;
    `wrong`: names of ours that should not be, and `empty` those that hold nothing."""

    right: Keys = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)


class Walk:
    """Rounds through one tree, in steps. `poison` are the keys of others that stop Traefik, by
    their names below the root, with the reason."""

    def __init__(self, client: Client, root: str) -> None:
        self._client = client
        self._prefix = f"{root}/"
        self._names: Iterator[str] = iter(())  # of what is held, to be compared in this round
        self._cursor = 0
        self._size = 0  # keys of the database
        self._seen: dict[str, str] = {}
        self.poison: dict[str, str] = {}

    def all(self) -> Keys:
        """What the tree has of ours, and what of others stops Traefik. Raises `RedisError`."""
        found = list(self._below(self._client.scan_iter(match=self._match, count=CHUNK)))
        ours = [name for name in found if names.object_of(name)]
        held = dict(self._values(ours))
        self.poison = self._poison(found)
        return held

    def step(self, held: Mapping[str, str], share: float) -> Found:
        """Compare about this share of the tree with what it should hold. Raises `RedisError`."""
        found = Found()
        self._compare(held, share, found)
        self._look_for_others(held, share, found)
        return found

    def _compare(self, held: Mapping[str, str], share: float, found: Found) -> None:
        count = max(CHUNK, math.ceil(len(held) * share))
        some = list(islice(self._names, count))
        if len(some) < count:  # the next round begins
            self._names = iter(list(held))
            some += islice(self._names, count - len(some))
        some = [name for name in some if name in held]
        there = dict(self._values(some))
        for name in some:
            if there.get(name) != held[name]:
                found.right[name] = held[name]

    def _look_for_others(self, held: Mapping[str, str], share: float, found: Found) -> None:
        if not self._cursor:
            self._size, self._seen = self._client.dbsize(), {}
        for _ in range(math.ceil(max(CHUNK, self._size * share) / CHUNK)):
            self._cursor, some = self._client.scan(self._cursor, match=self._match, count=CHUNK)
            others = [name for name in self._below(some) if name not in held]
            for name, value in self._values(name for name in others if names.object_of(name)):
                (found.wrong if value else found.empty).append(name)
            self._seen |= self._poison(others)
            if not self._cursor:
                self.poison = self._seen
                return
        self.poison = {**self.poison, **self._seen}

    def _poison(self, some: Iterable[str]) -> dict[str, str]:
        theirs = [one for one in some if poison.decoded(one) and not names.object_of(one)]
        told = ((name, poison.why(name, value)) for name, value in self._values(theirs))
        return {name: why for name, why in told if why}

    def _values(self, some: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Of those that are there and hold a text."""
        wanted = list(some)
        for first in range(0, len(wanted), CHUNK):
            chunk = wanted[first : first + CHUNK]
            values = self._client.mget([f"{self._prefix}{name}" for name in chunk])
            for name, value in zip(chunk, values, strict=True):
                if value is not None:
                    yield name, text(value)

    @property
    def _match(self) -> str:
        return f"{escaped(self._prefix)}*"

    def _below(self, found: Iterable[bytes | str]) -> Iterator[str]:
        for key in found:
            yield text(key).removeprefix(self._prefix)


def text(value: bytes | str) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def escaped(prefix: str) -> str:
    """A literal for SCAN's pattern."""
    return "".join(f"\\{sign}" if sign in "*?[]\\" else sign for sign in prefix)
