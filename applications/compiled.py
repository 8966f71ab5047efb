"""Looking into a control plane's feed: what was compiled, hence what gateways are told."""

from __future__ import annotations

from collections.abc import Iterable

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
