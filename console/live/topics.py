"""The topics that a page may name, and where in Redis each is seen."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from console.contract import keys

MOST = 300  # topics of one page
_KINDS = ("registry", "service", "moves", "control-plane", "gateway", "instances", "rows")


@dataclass(frozen=True, slots=True)
class Topic:
    """`owner` is the row whose keys are looked at; `service` the state key within its feed, if the
    topic is one service."""

    text: str
    kind: str
    row_id: str
    service: str = ""

    @property
    def feed(self) -> keys.FeedKeys | None:
        if self.kind in ("registry", "service"):
            return keys.feed(keys.registry(self.row_id))
        if self.kind == "control-plane":
            return keys.feed(keys.control_plane(self.row_id))
        return None

    @property
    def stream(self) -> str | None:
        return keys.moves(keys.registry(self.row_id)) if self.kind == "moves" else None

    @property
    def status(self) -> str | None:
        if self.kind == "registry":
            return keys.status(keys.registry(self.row_id))
        if self.kind == "gateway":
            return keys.status(keys.gateway(self.row_id))
        return None

    @property
    def crowd(self) -> str | None:
        """A hash whose fields each say how one stands."""
        if self.kind == "instances":
            return keys.instances(keys.gateway(self.row_id))
        return None


def parse(text: str) -> Topic | None:
    """Read a topic; None if it is none."""
    kind, _colon, rest = text.partition(":")
    row_id, _slash, service = rest.partition("/")
    if kind not in _KINDS or (kind == "service") != bool(service) or len(text) > 300:
        return None
    try:
        uuid.UUID(row_id)
    except ValueError:
        return None
    return Topic(text, kind, row_id, service)
