"""A resource of Envoy's, rendered."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Named:
    """One resource of Envoy's. `version` names the bytes, whoever renders them. `observed_at`: when
    what led to it was seen, in ms; 0: unknown. `apart`: a cluster whose nodes come by an
    assignment of the same name."""

    name: str
    version: str
    body: bytes
    observed_at: int = 0
    apart: bool = False


def named(name: str, body: bytes, *, observed_at: int = 0, apart: bool = False) -> Named:
    version = hashlib.blake2b(body, digest_size=8).hexdigest()
    return Named(name, version, body, observed_at, apart)
