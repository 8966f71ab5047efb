"""``--check``: can this agent work? Line by line, first what is its own, then the gateway."""

from __future__ import annotations

from collections.abc import Iterator

from console import redis
from console.contract import keys
from console.redis import RedisError
from gateways import drivers

from .config import Config


def check(config: Config) -> Iterator[tuple[bool, str]]:
    """Each step with whether it went well. The place of the state has been opened before."""
    yield True, "The configuration fits, and the state folder can be written."
    feed = keys.feed(keys.control_plane(config.control_plane))
    owner = keys.instances(keys.gateway(config.gateway))
    client = redis.connect(config.store_url)
    try:
        epoch, seq = client.hmget(feed.meta, ["epoch", "seq"])
        client.hexists(feed.meta, "seq")
        client.hscan(feed.states, count=1)
        client.xread({feed.changes: "0-0"}, count=1)
        known = f"at {int(epoch)}-{int(seq)}" if int(seq or 0) else "not published yet"
        yield True, f"Redis answers, and the feed may be read: it is {known}."
        client.hset(owner, "check", b"{}")
        client.hdel(owner, "check")
        # It takes the place of nothing: a running agent may have said something.
        client.set(keys.served(keys.gateway(config.gateway)), b"{}", nx=True, px=1)
        yield True, "The gateway's instances, and what it serves, may be written."
    except RedisError as error:
        yield False, f"Redis: {error}"
    finally:
        client.close()
    for one in drivers.check(config.kind, config.settings, config.secret):
        text = one.text % one.params if one.params else one.text
        yield one.ok, " ".join(part for part in (text, one.fix, one.detail) if part)
