"""Wrong passwords cost time: after a few, each further one a longer wait.

Counted in Redis for an address and a user name together, so that nobody can lock a colleague out
from elsewhere. Where Redis is away nobody waits: its failure must not keep people out of the page
that says so.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest

from console import redis
from console.contract import keys
from console.redis import RedisError

log = logging.getLogger(__name__)

FREE = 5  # wrong passwords without a wait
FIRST, LONGEST = 5, 300  # seconds
FORGOTTEN = 900  # seconds after the last wrong password


@dataclass(frozen=True, slots=True)
class Attempts:
    """The attempts of one address to log in as one user."""

    who: str

    @classmethod
    def of(cls, request: HttpRequest, username: str) -> Attempts:
        text = f"{address_of(request)} {username.strip().lower()}"
        return cls(hashlib.sha256(text.encode()).hexdigest()[:32])

    def wait(self) -> int:
        """Seconds until the next attempt is listened to."""
        try:
            return max(0, int(redis.store().ttl(keys.login_wait(self.who))))
        except RedisError as error:
            log.warning("login is not throttled: Redis: %s", error)
            return 0

    def failed(self) -> None:
        """Count a wrong password."""
        try:
            store = redis.store()
            pipe = store.pipeline()
            pipe.incr(keys.login_failures(self.who))
            pipe.expire(keys.login_failures(self.who), FORGOTTEN)
            count = int(pipe.execute()[0])
            if count >= FREE:
                seconds = min(FIRST * 2 ** min(count - FREE, 16), LONGEST)
                store.set(keys.login_wait(self.who), count, ex=seconds)
        except RedisError as error:
            log.warning("a wrong password is not counted: Redis: %s", error)

    def succeeded(self) -> None:
        try:
            redis.store().delete(keys.login_failures(self.who))
        except RedisError as error:
            log.warning("wrong passwords are not forgotten: Redis: %s", error)


def address_of(request: HttpRequest) -> str:
    """Where a request comes from. Behind the proxy that HTTPS needs, what that proxy says: the
    last word of the header, as those before it are the client's own."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.HTTPS else ""
    last: str = forwarded.rpartition(",")[2].strip()
    return last or str(request.META.get("REMOTE_ADDR", ""))
