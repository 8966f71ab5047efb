"""Who comes for documents, and what each was given: who comes back has taken it.

Traefik's provider names no document that it has. So that it can wait for the next one all the same,
this process remembers what it gave to whom, by the connection: a caller with a new one is answered
at once.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field

from console import lags
from console.redis import Client, RedisError
from gateways import instances

from .desk import Page

log = logging.getLogger(__name__)

_TELL_EVERY = 5.0  # seconds, of one that was given nothing new


@dataclass(slots=True)
class Caller:
    """One process of a gateway that comes for its document."""

    id: str
    hostname: str
    port: int = 0
    given: Page | None = None
    taken: Page | None = None
    taken_at: int = 0
    told: float = 0.0
    lag: lags.Lags = field(default_factory=lags.Lags)
    lag_ms: int | None = None
    registered_at: int = 0

    def come(self, port: int) -> str:
        """It asks again, and so has taken what it was given; return the name of that document if
        it still has it for sure."""
        same, self.port = port == self.port, port
        if not same:
            self.given = None
        if self.given is not None and self.given is not self.taken:
            self._take(self.given)
        return self.given.etag if self.given is not None else ""

    def tell(self, client: Client, gateway_id: str) -> None:
        """Report it, if there is something new or it is time."""
        if time.monotonic() - self.told < _TELL_EVERY:
            return
        self.told = time.monotonic()
        self.registered_at = self.registered_at or _millis()
        said = instances.Instance(
            id=self.id,
            hostname=self.hostname,
            by="poll",
            applied=self.taken.position if self.taken else "",
            applied_at=self.taken_at,
            lag_ms=self.lag_ms,
            lag_counts=self.lag.counts,
            lag_sum=self.lag.sum,
            registered_at=self.registered_at,
        )
        try:
            instances.report(client, gateway_id, said)
        except RedisError as error:
            log.warning("an instance is not reported: Redis: %s", error)

    def _take(self, page: Page) -> None:
        now = _millis()
        # A position that moved alone brings no change that could have taken its time.
        news = self.taken is not None and self.taken.etag != page.etag
        self.taken, self.taken_at, self.told = page, now, 0.0
        if page.observed_at and news:
            self.lag.add(max(0, now - page.observed_at) / 1000)
            self.lag_ms = max(0, now - page.observed_at)


def _millis() -> int:
    return int(time.time() * 1000)
