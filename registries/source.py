"""Where a registry's feed comes from: which cluster, read by what, up to which version.

Written beside every commit (the field ``source`` of the feed's meta hash), read by the next worker,
which must not publish anything older, nor anything of another cluster.
"""

from __future__ import annotations

import msgspec


class Source(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    server: str = ""  # the address under which the cluster was reached
    cluster: str = ""  # its identity (`registries.kube.identity`); empty: unknown
    resource: str = ""  # whose versions these are: endpointslices or endpoints
    versions: dict[str, str] = {}  # by scope

    def encode(self) -> str:
        return msgspec.json.encode(self).decode()


def decode(text: str) -> Source:
    """What does not fit says nothing: it was lost with Redis, or an older release wrote it."""
    try:
        return msgspec.json.decode(text or "{}", type=Source)
    except msgspec.DecodeError:
        return Source()
