"""Asking APISIX which objects of a document it would refuse, without giving it any."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from . import names
from .admin import Api

VALIDATE = "/apisix/admin/configs/validate"
_MOST = 1_000_000  # bytes; APISIX takes half as much again


def refusals(api: Api, objects: Mapping[str, dict[str, Any]]) -> dict[str, str]:
    """What it says against objects, by their names. Empty too where it cannot be asked."""
    found: dict[str, str] = {}
    for chunk in _chunks(objects.items()):
        asked: dict[str, list[dict[str, Any]]] = {}
        for name, body in chunk.items():
            asked.setdefault(names.kind_of(name), []).append(body)
        answer = api.ask("POST", VALIDATE, asked)
        said = answer.body if answer.status == 400 and isinstance(answer.body, dict) else {}
        for one in said.get("errors") or ():
            if isinstance(one, dict):
                name = f"{one.get('resource_type')}/{one.get('resource_id')}"
                if name in chunk:
                    found[name] = " ".join(str(one.get("error", answer.word)).split())[:500]
    return found


def _chunks(
    pairs: Iterable[tuple[str, dict[str, Any]]],
) -> Iterator[dict[str, dict[str, Any]]]:
    chunk: dict[str, dict[str, Any]] = {}
    size = 0
    for name, body in pairs:
        length = len(msgspec.json.encode(body))
        if chunk and size + length > _MOST:
            yield chunk
            chunk, size = {}, 0
        chunk[name] = body
        size += length
    if chunk:
        yield chunk
