"""Whether the Redis of the feeds keeps what it is given.

A feed is only as good as the server's word that what was written stays until somebody removes it.
A server that evicts breaks that word silently: no error, no event, and a gateway without nodes. One
without room refuses writes, which is noticed; it is better known before.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from console import redis

KEEPS = "noeviction"
_NEARLY = 0.9  # of the memory there is


@dataclass(frozen=True, slots=True)
class Storage:
    """Bytes; a `limit` of 0 is none. `policy` is empty where the server does not say."""

    policy: str = ""
    used: int = 0
    limit: int = 0

    @property
    def evicts(self) -> bool:
        return self.policy not in ("", KEEPS)

    def warnings(self) -> list[str]:
        """What to change, for people."""
        found = []
        if self.evicts:
            found.append(
                _(
                    "Redis may evict what is published (maxmemory-policy %(policy)s): services and"
                    " routes would vanish without a word. Set maxmemory-policy to noeviction."
                )
                % {"policy": self.policy}
            )
        if self.limit and self.used > _NEARLY * self.limit:
            found.append(
                _(
                    "Redis has used %(percent)d %% of its memory; at 100 %% it refuses whatever"
                    " changes. Raise maxmemory."
                )
                % {"percent": 100 * self.used // self.limit}
            )
        return found


def look() -> Storage:
    """Ask the store, by one command that also those may give who may not read its configuration.
    Raises `RedisError`."""
    said = redis.store().info("memory")
    return Storage(
        policy=str(said.get("maxmemory_policy", "")),
        used=int(said.get("used_memory", 0)),
        limit=int(said.get("maxmemory", 0)),
    )
