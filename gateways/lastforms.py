"""The last states that a kind of gateway could express, of resources that it cannot express now.

A gateway that is given everything by us, and cannot be read, would lose such a resource whenever
whoever makes its configuration begins anew: here it finds what it gave before. A hash a control
plane; only what is refused is in it. Several may write: all find the same. Needs no Django.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from console.contract import keys
from console.feed import States
from console.redis import Client


class LastForms:
    """Of one kind, for one maker of configuration, which has a book that keeps forms by itself.
    Both methods raise `RedisError`; `note` catches up the next time."""

    def __init__(self, client: Client, control_plane_id: str, kind: str) -> None:
        self._client = client
        self._key = keys.last_forms(keys.control_plane(control_plane_id))
        self._prefix = f"{kind}:"
        self._good: dict[str, bytes] = {}
        self._kept: dict[str, bytes] = {}
        self.behind = False  # whether `note` failed the last time

    def begin(self) -> Mapping[str, bytes]:
        """The states that were kept, by the keys of the feed: to be taken before the feed's own,
        but for those that the feed has no more."""
        found = self._client.hgetall(self._key)
        named = {field.decode(): state for field, state in found.items()}
        self._kept = {
            field.removeprefix(self._prefix): state
            for field, state in named.items()
            if field.startswith(self._prefix)
        }
        self._good = dict(self._kept)
        return dict(self._kept)

    def note(self, states: States, refused: Collection[str]) -> None:
        """These states of the feed were taken; all these keys cannot be expressed now."""
        self.behind = True
        for key, state in states.items():
            if state is None:
                self._good.pop(key, None)
            elif key not in refused:
                self._good[key] = state
        wanted = {key: self._good[key] for key in refused if key in self._good}
        new = {key: state for key, state in wanted.items() if self._kept.get(key) != state}
        gone = self._kept.keys() - wanted.keys()
        if new:
            fields = {self._prefix + key: state for key, state in new.items()}
            self._client.hset(self._key, mapping=fields)
        if gone:
            self._client.hdel(self._key, *(self._prefix + key for key in gone))
        self._kept, self.behind = wanted, False
