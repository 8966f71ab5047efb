"""The running processes of gateways, as they report themselves: a hash a gateway, in Redis.

Whoever knows a process writes its field: the process itself (APISIX's discovery module), the xDS
server it is connected to, the agent beside it, or the driver that asked it. A report is said again
every `HEARTBEAT` seconds; its age is part of it. Needs no Django.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import msgspec
from msgspec import Struct

from console.contract import keys
from console.redis import Client

HEARTBEAT = 10.0  # seconds between two reports
LOST_AFTER = 30_000  # ms without a report
OFFLINE_AFTER = 2 * 3600 * 1000
FORGOTTEN_AFTER = 7 * 24 * 3600 * 1000


class Instance(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One process of a gateway. Times are milliseconds since the Unix epoch; 0: never. Everything
    in it was said by a gateway: hostile text."""

    id: str
    hostname: str
    version: str = ""
    by: str = ""  # who reports it: driver, agent, xds, module, poll
    applied: str = ""  # position in the control plane's feed that it has, epoch-seq
    applied_at: int = 0
    refuses: str = ""  # why configuration cannot be delivered to it
    # From the API server's word to this process's confirmation: the newest, and how many in each
    # bucket of `console.lags.BOUNDS` (one more for what is above) since it registered.
    lag_ms: int | None = None
    lag_counts: tuple[int, ...] = ()
    lag_sum: float = 0.0  # seconds
    registered_at: int = 0
    seen_at: int = 0


_decoder = msgspec.json.Decoder(Instance)


def report(client: Client, gateway_id: str, instance: Instance) -> None:
    """Say how a process stands, dated now. Raises `RedisError`."""
    now = int(time.time() * 1000)
    dated = msgspec.structs.replace(
        instance, seen_at=now, registered_at=instance.registered_at or now
    )
    key = keys.instances(keys.gateway(gateway_id))
    pipeline = client.pipeline(transaction=False)
    pipeline.hset(key, instance.id, msgspec.json.encode(dated))
    # An agent may report a gateway that was deleted: what nobody repeats is forgotten as a whole.
    pipeline.expire(key, FORGOTTEN_AFTER // 1000)
    pipeline.execute()


def read(client: Client, gateway_ids: Iterable[str]) -> dict[str, list[Instance]]:
    """What was reported of each gateway, by host, one look for all; what cannot be read is left
    out. Raises `RedisError`."""
    wanted = list(gateway_ids)
    pipeline = client.pipeline(transaction=False)
    for one in wanted:
        pipeline.hvals(keys.instances(keys.gateway(one)))
    return {
        one: sorted(_decoded(found), key=lambda instance: (instance.hostname, instance.id))
        for one, found in zip(wanted, pipeline.execute() if wanted else [], strict=True)
    }


def forget(client: Client, gateway_id: str, instance_ids: Iterable[str]) -> None:
    """Raises `RedisError`."""
    gone = list(instance_ids)
    if gone:
        client.hdel(keys.instances(keys.gateway(gateway_id)), *gone)


def forget_old(client: Client, gateway_id: str) -> None:
    """Forget whom nobody has reported for `FORGOTTEN_AFTER`. Raises `RedisError`."""
    now = int(time.time() * 1000)
    known = read(client, [gateway_id])[gateway_id]
    forget(client, gateway_id, [one.id for one in known if now - one.seen_at > FORGOTTEN_AFTER])


def _decoded(values: Iterable[bytes]) -> Iterable[Instance]:
    for value in values:
        try:
            yield _decoder.decode(value)
        except msgspec.DecodeError:
            continue
