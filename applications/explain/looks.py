"""What Redis says of the services that members follow: one look for all of them, and a second one
only where a service is missing, for names that are like it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from applications.models import Member
from console import redis
from console.contract import keys, wire

# A service within a control plane: registry id and state key of its feed.
ServiceName = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """`names` holds all service names of the registries in which one is missing."""

    services: dict[ServiceName, wire.Service] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)


def name_of(member: Member) -> ServiceName:
    return (str(member.registry_id), keys.service(member.namespace, member.service))


def look(members: Iterable[Member]) -> Found:
    """Read the services of discovered members. Raises `RedisError`."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for member in members:
        registry, name = name_of(member)
        wanted[registry].add(name)
    found = Found(_services({registry: sorted(names) for registry, names in wanted.items()}))
    missing = [
        registry
        for registry, names in wanted.items()
        if any((registry, name) not in found.services for name in names)
    ]
    found.names.update(_names(missing))
    return found


def _services(wanted: dict[str, list[str]]) -> dict[ServiceName, wire.Service]:
    if not wanted:
        return {}
    pipe = redis.store().pipeline(transaction=False)
    for registry, names in wanted.items():
        pipe.hmget(keys.feed(keys.registry(registry)).states, names)
    services = {}
    for (registry, names), states in zip(wanted.items(), pipe.execute(), strict=True):
        for name, state in zip(names, states, strict=True):
            service = _decoded(state)
            if service is not None:
                services[registry, name] = service
    return services


def _names(registries: list[str]) -> dict[str, list[str]]:
    if not registries:
        return {}
    pipe = redis.store().pipeline(transaction=False)
    for registry in registries:
        pipe.hkeys(keys.feed(keys.registry(registry)).states)
    return {
        registry: sorted(name.decode() for name in names)
        for registry, names in zip(registries, pipe.execute(), strict=True)
    }


def _decoded(state: bytes | None) -> wire.Service | None:
    """A state that cannot be read is no service that anybody could use."""
    try:
        return wire.decode_service(state) if state is not None else None
    except msgspec.DecodeError:
        return None
