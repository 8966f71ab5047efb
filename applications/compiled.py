"""Looking into a control plane's feed: what was compiled, hence what gateways are told."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from console import redis
from console.contract import keys, wire

# The states of all routes, a line each: JSON has no line ends of its own. Thousands of values take
# a client longer to read than the server to join.
_ROUTES = """
local found = {}
local states = redis.call('HGETALL', KEYS[1])
for place = 1, #states, 2 do
  if string.sub(states[place], 1, #ARGV[1]) == ARGV[1] then
    found[#found + 1] = string.gsub(states[place + 1], '\\n', ' ')
  end
end
return table.concat(found, '\\n')
"""
_routes_decoder = msgspec.json.Decoder(list[wire.Route])


def upstreams(control_plane_id: str, upstream_ids: Iterable[str]) -> dict[str, wire.Upstream]:
    """Upstreams as compiled, with their nodes; those not published are left out. Raises
    `RedisError`."""
    wanted = list(upstream_ids)
    if not wanted:
        return {}
    states = redis.store().hmget(
        keys.feed(keys.control_plane(control_plane_id)).states,
        [keys.upstream(one) for one in wanted],
    )
    found = {}
    for upstream_id, state in zip(wanted, states, strict=True):
        resource = wire.decode_resource(state) if state else None
        if isinstance(resource, wire.Upstream):
            found[upstream_id] = resource
    return found


def routes(control_plane_id: str) -> dict[str, wire.Route]:
    """All routes as compiled, by the id of their API; one that cannot be read is left out, as
    gateways do. One look, and one value however many there are. Raises `RedisError`."""
    feed = keys.feed(keys.control_plane(control_plane_id))
    joined: bytes = redis.store().eval(_ROUTES, 1, feed.states, keys.route(""))
    try:
        found = _routes_decoder.decode(b"[%s]" % joined.replace(b"\n", b","))
    except msgspec.DecodeError:
        found = [one for line in joined.splitlines() if (one := _readable(line))]
    return {one.id: one for one in found}


def _readable(state: bytes) -> wire.Route | None:
    try:
        resource = wire.decode_resource(state)
    except msgspec.DecodeError:
        return None
    return resource if isinstance(resource, wire.Route) else None
