"""What a gateway serves that only its agent can ask: a document a gateway, in Redis.

The agent writes it whole, in one command, each time it has looked; the console reads it for people.
Nothing is driven by it. Needs no Django.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from console.contract import keys
from console.redis import Client
from gateways.drivers.base import Served

FORGOTTEN_AFTER = 3600  # seconds after the last word
MOST = 16_000_000  # bytes of one document: 100,000 upstreams with a few nodes each


class Told(Struct, frozen=True):
    """`at`: when the gateway was asked, by the agent's clock, in ms since the Unix epoch.
    `upstreams`: the addresses ``host:port`` by the keys of the control plane's feed. Said by a
    gateway: hostile text."""

    at: int
    upstreams: dict[str, tuple[str, ...]]

    @property
    def served(self) -> Served:
        return Served(self.upstreams)


class TooMuch(ValueError):
    """The gateway serves more than may be kept of it."""


_decoder = msgspec.json.Decoder(Told)


def tell(client: Client, gateway_id: str, told: Told) -> None:
    """Say what a gateway serves; it takes the place of what was said before. Raises `RedisError`
    and `TooMuch`."""
    text = msgspec.json.encode(told)
    if len(text) > MOST:
        raise TooMuch(f"What the gateway serves is {len(text)} bytes, more than {MOST}.")
    client.set(keys.served(keys.gateway(gateway_id)), text, ex=FORGOTTEN_AFTER)


def read(client: Client, gateway_id: str) -> Told | None:
    """What was said last; None: nothing of late, or nothing that can be read. Raises
    `RedisError`."""
    text = client.get(keys.served(keys.gateway(gateway_id)))
    try:
        return _decoder.decode(text) if text else None
    except msgspec.DecodeError:
        return None
