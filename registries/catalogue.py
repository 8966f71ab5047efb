"""Looking into a registry's feed: what a cluster runs, for lists and choices.

Reads what the watcher has published; asks no cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from console import redis
from console.contract import keys, wire
from registries.index import INDEX, Entry


@dataclass(frozen=True, slots=True)
class Page:
    services: list[wire.Service]
    total: int


# How ready a service may be; `find` takes one of these, or nothing for all.
STATES: Mapping[str, Callable[[Entry], bool]] = {
    "ready": lambda one: one.ready > 0 and one.ready == one.total,
    "partly": lambda one: 0 < one.ready < one.total,
    "none": lambda one: one.ready == 0,
}


def namespaces(registry_id: str) -> list[str]:
    """The namespaces in which services are known. Raises `RedisError`."""
    return sorted({one.namespace for one in INDEX.services(registry_id)})


def find(
    registry_id: str,
    *,
    namespace: str = "",
    search: str = "",
    state: str = "",
    sort: str = "namespace",
) -> list[Entry]:
    """The services that fit, in the order of `index.SORTS`. `search` is a part of the name, or of
    namespace/name if it has a slash. Raises `RedisError`."""
    wanted = search.lower()
    fits = STATES.get(state)
    whole = "/" in wanted
    return [
        one
        for one in INDEX.services(registry_id, sort)
        if (not namespace or one.namespace == namespace)
        and (not wanted or wanted in (one.key if whole else one.name))
        and (fits is None or fits(one))
    ]


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
    wanted = find(registry_id, namespace=namespace, search=search)
    shown = [one.key for one in wanted[offset : offset + limit]]
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
