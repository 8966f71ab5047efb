"""The workers that are alive: each says so in Redis, again and again, and may look at the others.

A word lives for half a lease TTL. So a worker that died is forgotten before its leases run out, and
nobody leaves its work to it.
"""

from __future__ import annotations

import msgspec

from console.contract import keys
from console.redis import Client


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker says of itself."""

    kinds: tuple[str, ...] = ()  # of owners whose loops it runs (`console.contract.keys.kind`)
    held: int = 0  # loops of all kinds
    most: int = 0  # loops that it takes


_decoder = msgspec.json.Decoder(Member)


def say(client: Client, name: str, member: Member, *, ttl: float) -> None:
    """Tell the others that this worker is alive. Raises `RedisError`."""
    pipeline = client.pipeline(transaction=False)
    pipeline.set(keys.worker(name), msgspec.json.encode(member), px=int(ttl * 1000))
    pipeline.sadd(keys.workers(), name)
    pipeline.execute()


def leave(client: Client, name: str) -> None:
    """Tell that this worker takes nothing any more. Raises `RedisError`."""
    pipeline = client.pipeline(transaction=False)
    pipeline.unlink(keys.worker(name))
    pipeline.srem(keys.workers(), name)
    pipeline.execute()


def alive(client: Client) -> dict[str, Member]:
    """The workers by name. Raises `RedisError`."""
    names = sorted(name.decode() for name in client.smembers(keys.workers()))
    if not names:
        return {}
    words = client.mget([keys.worker(name) for name in names])
    gone = [name for name, word in zip(names, words, strict=True) if word is None]
    if gone:
        client.srem(keys.workers(), *gone)  # one that comes back says its name again
    return {name: _decoder.decode(word) for name, word in zip(names, words, strict=True) if word}
