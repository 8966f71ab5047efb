"""Looking into a registry's feed: what a cluster runs, for lists and choices.

Reads what the watcher has published; asks no cluster.
"""

from __future__ import annotations

from dataclasses import dataclass

from console import redis
from console.contract import keys, wire


@dataclass(frozen=True, slots=True)
class Page:
    services: list[wire.Service]
    total: int


def namespaces(registry_id: str) -> list[str]:
    """The namespaces in which services are known. Raises `RedisError`."""
    return sorted({name.partition("/")[0] for name in _names(registry_id)})


def page(
    registry_id: str,
    *,
    namespace: str = "",
    search: str = "",
    offset: int = 0,
    limit: int = 50,
) -> Page:
    """A part of the services in order of namespace and name. `search` is a part of the name.
    Raises `RedisError`."""
    wanted = [
        name
        for name in _names(registry_id)
        if (not namespace or name.startswith(f"{namespace}/"))
        and search.lower() in name.partition("/")[2]
    ]
    shown = wanted[offset : offset + limit]
    states = (
        redis.store().hmget(keys.feed(keys.registry(registry_id)).states, shown) if shown else []
    )
    return Page([wire.decode_service(state) for state in states if state], len(wanted))


def get(registry_id: str, namespace: str, name: str) -> wire.Service | None:
    """One service, if it is known. Raises `RedisError`."""
    state = redis.store().hget(
        keys.feed(keys.registry(registry_id)).states, keys.service(namespace, name)
    )
    return wire.decode_service(state) if state else None


def sample(registry_id: str, count: int) -> list[str]:
    """The names of some services, chosen at random. Raises `RedisError`."""
    found = redis.store().hrandfield(keys.feed(keys.registry(registry_id)).states, count)
    return sorted(name.decode() for name in found or ())


def _names(registry_id: str) -> list[str]:
    found = redis.store().hkeys(keys.feed(keys.registry(registry_id)).states)
    return sorted(name.decode() for name in found)
