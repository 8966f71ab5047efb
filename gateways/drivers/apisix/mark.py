"""Whose an APISIX is: an upstream that no route uses, whose label says the epoch of its driver.
Pure.

It is no object of ours as `names` knows them, so that it is never compared, counted or removed: its
label `managed-by` is none that a prefix could be. A dot keeps its id apart from those of upstreams.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateways.drivers.base import Outlived

from . import names

_OWNER = "portolan/mark"
_EPOCH = "portolan-epoch"


def name_of(prefix: str) -> str:
    return f"upstreams/{prefix}.driver"


def is_mark(prefix: str, body: Mapping[str, Any]) -> bool:
    return body.get("id") == names.id_of(name_of(prefix))


def made(prefix: str, epoch: int) -> dict[str, Any]:
    return {
        "id": names.id_of(name_of(prefix)),
        "name": "Portolan's mark",
        "desc": "Says which driver has this gateway; no route uses it.",
        "labels": {names.LABEL: _OWNER, _EPOCH: str(epoch)},
        "type": "roundrobin",
        "nodes": [],
    }


def epoch_of(body: Mapping[str, Any] | None) -> int:
    """0: it says none."""
    labels = (body or {}).get("labels")
    said = str(labels.get(_EPOCH, "")) if isinstance(labels, dict) else ""
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 20 else 0


def refuse_newer(body: Mapping[str, Any] | None, epoch: int) -> None:
    """Raises `Outlived` if a newer driver than that of this epoch has it; 0 has no place among
    them."""
    if epoch and epoch_of(body) > epoch:
        raise Outlived(epoch_of(body))
