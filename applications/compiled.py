"""Looking into a control plane's feed: what was compiled, hence what gateways are told."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from console import redis
from console.contract import keys, wire


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
    gateways do. Raises `RedisError`."""
    states = redis.store().hgetall(keys.feed(keys.control_plane(control_plane_id)).states)
    prefix = keys.route("").encode()
    found = {}
    for key, state in states.items():
        if key.startswith(prefix):
            try:
                resource = wire.decode_resource(state)
            except msgspec.DecodeError:
                continue
            if isinstance(resource, wire.Route):
                found[resource.id] = resource
    return found
