"""Where a shift's states come from: a control plane's feed in Redis, read anew by each shift."""

from __future__ import annotations

from typing import Protocol

from console.contract.keys import FeedKeys
from console.feed import FeedReader, Newest, States, follow
from console.redis import Client


class Source(Protocol):
    """What a shift needs of its feed. `position` is empty if what is known has none."""

    @property
    def known(self) -> bool:
        """Whether anything has ever been read: False means that nothing may be sent."""

    @property
    def position(self) -> str: ...

    def begin(self) -> None:
        """A shift begins: the next `take` is everything."""

    def wait(self, seconds: float) -> None:
        """Return when something came, at the latest after these seconds."""

    def take(self) -> States:
        """What changed since the last call; None: it is gone."""


class Feed:
    """A `Source` for one shift. Every method that reads raises `RedisError`. `since`: what the
    shift before had read, so that this one takes no older copy of it."""

    def __init__(self, client: Client, feed: FeedKeys, *, since: Newest | None = None) -> None:
        self._client = client
        self._reader = FeedReader(client, feed, since=since)

    @property
    def newest(self) -> Newest | None:
        return self._reader.newest

    @property
    def known(self) -> bool:
        return self._reader.known

    @property
    def position(self) -> str:
        return str(self._reader.position or "")

    def begin(self) -> None:
        self._reader.sync()

    def wait(self, seconds: float) -> None:
        follow(self._client, [self._reader], block=seconds)

    def take(self) -> States:
        return self._reader.take()
