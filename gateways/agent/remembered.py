"""The feed as an agent follows it: remembered over shifts, restarts and times without Redis.

With Redis away it says what it knows; when Redis answers again, only what differs from that is a
change. Redis being away is never a shift's failure: the gateway goes on being looked after.
"""

from __future__ import annotations

import logging
import threading
import time

from console.contract.keys import FeedKeys
from console.feed import FeedReader, States, follow
from console.redis import Client, RedisError
from gateways.driving.patience import Patience

from .lastgood import Kept

log = logging.getLogger(__name__)


class Remembered:
    """`gateways.driving.source.Source`. `kept` is where it begins; `stop` ends all waiting."""

    def __init__(
        self,
        client: Client,
        feed: FeedKeys,
        *,
        kept: Kept | None,
        patience: Patience,
        stop: threading.Event,
    ) -> None:
        self._client = client
        self._reader = FeedReader(client, feed)
        self._patience = patience
        self._stop = stop
        self._lock = threading.Lock()
        self._states: dict[str, bytes] = dict(kept.states) if kept else {}
        self._position = kept.position if kept else ""
        self._given = True  # whether `look` has given what is known
        self._pending: States = {}
        self._whole = True
        self._live = False  # whether the feed itself has been read
        self._away = False
        self._retry_at = 0.0

    @property
    def known(self) -> bool:
        return self._live or bool(self._states)

    @property
    def position(self) -> str:
        return self._position

    def begin(self) -> None:
        self._whole = True
        if not self._live:
            self._guarded(0.0)

    def wait(self, seconds: float) -> None:
        left = self._retry_at - time.monotonic() if self._away else 0.0
        if left > 0:
            self._stop.wait(min(seconds, left))
        else:
            self._guarded(seconds)

    def take(self) -> States:
        changed, self._pending = self._pending, {}
        if self._whole:
            self._whole = False
            return dict(self._states)
        return changed

    def look(self) -> Kept | None:
        """What is to be kept on disk, if it is not the same as before. From any thread."""
        with self._lock:
            if self._given:
                return None
            self._given = True
            return Kept(dict(self._states), self._position)

    def _guarded(self, seconds: float) -> None:
        """Read on; Redis may be away."""
        try:
            if not self._reader.known:
                self._reader.sync()
                if not self._reader.known:
                    self._stop.wait(seconds)  # nothing has been published yet
            else:
                follow(self._client, [self._reader], block=seconds or 0.001)
        except RedisError as error:
            if not self._away:
                log.warning("Redis is away, the gateway keeps what it has: %s", error)
            self._away = True
            self._retry_at = time.monotonic() + self._patience.failed()
            return
        if self._away:
            log.info("Redis answers again")
        self._away = False
        self._patience.recovered()
        self._absorb()

    def _absorb(self) -> None:
        if not self._reader.known:
            return
        changed = self._reader.take()
        if not self._live:
            self._live = True
            gone: States = dict.fromkeys(self._states.keys() - changed.keys())
            changed = {
                key: state for key, state in changed.items() if self._states.get(key) != state
            } | gone
        position = str(self._reader.position)
        if not changed and position == self._position:
            return
        with self._lock:
            for key, state in changed.items():
                if state is None:
                    self._states.pop(key, None)
                else:
                    self._states[key] = state
            self._position, self._given = position, False
        self._pending.update(changed)
