"""Who does the work: a lease in Redis, kept by a thread of its own.

A lease says who should work; it does not stop anybody who was asleep when it ran out. That is
what the epoch is for (`console.ownership`, `console.feed.writer`). Hence the rule on this side:
the holder believes in its lease only by its own monotonic clock, counted from *before* it asked,
and stops a margin before the end. Any doubt (no answer, an error) is left to that clock.

Because the thread that renews is not the one that works, a lease could outlive its work. It is
renewed only as long as the work says that it goes on (`touch`): work that is stuck loses it.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from types import TracebackType

from console.redis import Client, RedisError

log = logging.getLogger(__name__)

# A lease that is gone before its time was lost by Redis (emptied, failed over) and is taken back:
# what its holder knows is the quickest way to everything else that Redis has lost.
_RENEW = """
local holder = redis.call('GET', KEYS[1])
if holder ~= ARGV[1] and (holder or ARGV[3] == '0') then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
# The token goes only if it is still ours.
_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


class Lease:
    """One lease. Use as a context manager once `acquire` has returned True: it renews while the
    block runs and releases at its end."""

    def __init__(
        self,
        client: Client,
        key: str,
        *,
        holder: str,
        ttl: float,
        patience: float = math.inf,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._key = key
        self.holder = holder
        self._ttl = ttl
        self._patience = patience
        self._clock = clock
        self._until = 0.0
        self._touched = clock()
        self._done = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name=f"lease {key}", daemon=True)
        self._renew_script = client.register_script(_RENEW)
        self._release_script = client.register_script(_RELEASE)

    @property
    def held(self) -> bool:
        """Whether this holder may still act: false a sixth of the TTL before others may."""
        return self._clock() < self._until - self._ttl / 6

    def touch(self) -> None:
        """Say that the work goes on. Without it for `patience` seconds the lease is let go."""
        self._touched = self._clock()

    def acquire(self) -> bool:
        """Try once. Raises `RedisError`."""
        asked = self._touched = self._clock()
        if not self._client.set(self._key, self.holder, nx=True, px=int(self._ttl * 1000)):
            return False
        self._until = asked + self._ttl
        return True

    def renew(self) -> bool:
        """Extend the lease if it is still ours. Raises `RedisError`."""
        asked = self._clock()
        arguments = [self.holder, int(self._ttl * 1000), int(asked < self._until)]
        if not self._renew_script(keys=[self._key], args=arguments):
            self._until = 0.0
            return False
        self._until = asked + self._ttl
        return True

    def __enter__(self) -> Lease:
        self._keeper.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._keeper.join()
        self._release()

    def _release(self) -> None:
        self._until = 0.0
        try:
            self._release_script(keys=[self._key], args=[self.holder])
        except RedisError:
            return  # it ends by itself after its TTL

    def _keep(self) -> None:
        while not self._done.wait(self._ttl / 3):
            silent = self._clock() - self._touched
            if silent > self._patience:
                log.error("%s: its work is stuck for %d s; let go", self._key, silent)
                self._release()
                return
            try:
                if not self.renew():
                    return
            except RedisError:
                continue  # `held` turns false by the clock if this goes on
