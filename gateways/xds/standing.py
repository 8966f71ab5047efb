"""How xDS servers stand: a hash in Redis, a field a server.

Each says itself every few seconds who it is; metrics read it. Who is silent is forgotten.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import msgspec
from msgspec import Struct

from console.contract import keys
from console.redis import Client

SILENT = 60_000  # ms after which nobody counts on a server


class Standing(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`id`: machine and port. `certificate_trouble`: why the certificate in its files is not used.
    Times are in ms; 0: it has no certificate."""

    id: str
    envoys: int = 0
    certificate_expires_at: int = 0
    certificate_trouble: str = ""
    said_at: int = 0


_decoder = msgspec.json.Decoder(Standing)


def say(client: Client, one: Standing) -> None:
    """Say how a server stands, dated now, and forget who is silent. Raises `RedisError`."""
    dated = msgspec.structs.replace(one, said_at=_now())
    client.hset(keys.xds_servers(), one.id, msgspec.json.encode(dated))
    found = client.hgetall(keys.xds_servers())
    known = {other.id for other in _near(found.values())}
    silent = [name for name in found if name.decode() not in known]
    if silent:
        client.hdel(keys.xds_servers(), *silent)


def leave(client: Client, server_id: str) -> None:
    """Raises `RedisError`."""
    client.hdel(keys.xds_servers(), server_id)


def read(client: Client) -> list[Standing]:
    """Who has said something of late. Raises `RedisError`."""
    return sorted(_near(client.hvals(keys.xds_servers())), key=lambda one: one.id)


def _near(values: Iterable[bytes]) -> list[Standing]:
    """Those that are not silent; what cannot be read is nobody's."""
    found = []
    for value in values:
        try:
            found.append(_decoder.decode(value))
        except msgspec.DecodeError:
            continue
    return [one for one in found if _now() - one.said_at < SILENT]


def _now() -> int:
    return int(time.time() * 1000)
