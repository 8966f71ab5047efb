"""Whose address is this? An address from a log leads to the service and the pod behind it.

Reads what the watchers have published, all of it: an address is looked for when somebody asks, and
kept nowhere. States are sifted by their bytes; only those that may have it are decoded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec

from console import redis
from console.contract import keys, wire

PATIENCE = 2.0  # seconds for all registries
_SCAN = 1_000


@dataclass(frozen=True, slots=True)
class Found:
    """An endpoint and the service that it is of."""

    registry_id: str
    namespace: str
    name: str
    endpoint: wire.Endpoint


@dataclass(frozen=True, slots=True)
class Answer:
    """`whole`: all registries were looked through."""

    found: tuple[Found, ...] = ()
    whole: bool = True


def of(
    registry_ids: Iterable[str],
    address: str,
    *,
    most: int,
    clock: Callable[[], float] = time.monotonic,
) -> Answer:
    """The endpoints that have this address, as it is written in states (`ipaddress` writes it so).
    Ends after `PATIENCE`, or with `most` of them. Raises `RedisError`."""
    needle = msgspec.json.encode(address)
    until = clock() + PATIENCE
    found: list[Found] = []
    for registry_id in registry_ids:
        states = keys.feed(keys.registry(registry_id)).states
        for _key, state in redis.store().hscan_iter(states, count=_SCAN):
            if needle in state:
                found += _within(registry_id, state, address)
            if len(found) >= most or clock() > until:
                return Answer(tuple(found[:most]), whole=False)
    return Answer(tuple(found))


def _within(registry_id: str, state: bytes, address: str) -> list[Found]:
    try:
        service = wire.decode_service(state)
    except msgspec.DecodeError:
        return []
    endpoints = (one for subset in service.subsets for one in subset.endpoints)
    return [
        Found(registry_id, service.namespace, service.name, one)
        for one in endpoints
        if one.address == address
    ]
