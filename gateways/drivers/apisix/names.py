"""What our objects are called in APISIX, and which are ours. Pure.

An object's name is its path below the Admin API, ``routes/ID`` or ``upstreams/ID``. Ids are the
prefix of the gateway and our own ids, in which there is no dot. An object is ours if its id begins
with the prefix and its label says the same, so that of two prefixes one may begin like the other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from console.contract import keys

LABEL = "managed-by"
KINDS = ("upstreams", "routes")
_ID = re.compile(r"[A-Za-z0-9_-]{1,36}")
_PART = re.compile(r"\.[0-9a-fx]+$")


def is_id(text: str) -> bool:
    """Whether it can be part of an id: APISIX takes at most 64 of these signs."""
    return bool(_ID.fullmatch(text))


def upstream(prefix: str, upstream_id: str) -> str:
    return f"upstreams/{prefix}{upstream_id}"


def route(prefix: str, route_id: str, part: str = "") -> str:
    """A route of several parts has an object for each, `part` of at most 7 signs."""
    return f"routes/{prefix}{route_id}{part and f'.{part}'}"


def id_of(name: str) -> str:
    return name.partition("/")[2]


def kind_of(name: str) -> str:
    return name.partition("/")[0]


def is_ours(prefix: str, body: Mapping[str, Any]) -> bool:
    labels = body.get("labels")
    return (
        str(body.get("id", "")).startswith(prefix)
        and isinstance(labels, dict)
        and labels.get(LABEL) == prefix
    )


def key_of(prefix: str, name: str) -> str:
    """The feed's key of the resource that an object of ours was made for."""
    ours = id_of(name).removeprefix(prefix)
    if kind_of(name) == "upstreams":
        return keys.upstream(ours)
    return keys.route(_PART.sub("", ours))
