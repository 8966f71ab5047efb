"""What a registry's worker last said about it, and how it is put into words.

The status lives in Redis, not in the registry's row: it changes often and is nobody's
configuration. It does not expire; a status whose worker is gone is shown as what it is, old.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from console.board import Board
from console.contract import keys


class Phase(models.TextChoices):
    """Where a registry stands; `COLOURS` has a colour for each."""

    UNKNOWN = "unknown", _("not started")
    DISABLED = "disabled", _("disabled")
    CONNECTING = "connecting", _("connecting")
    CONNECTED = "connected", _("connected")
    FAILING = "failing", _("failing")


COLOURS = {
    Phase.UNKNOWN: "secondary",
    Phase.DISABLED: "secondary",
    Phase.CONNECTING: "azure",
    Phase.CONNECTED: "green",
    Phase.FAILING: "red",
}


class Status(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One word of a worker. Times are milliseconds since the Unix epoch; 0: never."""

    phase: str = Phase.UNKNOWN.value
    reason: str = ""  # a code of `registries.kube.errors`, e.g. unauthorized
    text: str = ""  # the reason in a sentence that a person can act on; hostile text
    since: int = 0  # when the phase began
    said_at: int = 0  # when the worker last wrote this
    connected_at: int = 0  # when a list or watch last succeeded
    event_at: int = 0  # when the last change was read
    resource: str = ""  # endpointslices or endpoints
    services: int = 0
    endpoints: int = 0
    seq: int = 0  # of the registry's feed
    lag_ms: int = 0  # read from the API server → committed, last commit
    lists: int = 0
    watches: int = 0
    warnings: tuple[str, ...] = ()
    token_expires_at: int = 0  # 0: it does not expire, or nobody knows


board = Board(Status, owner=keys.registry)
write = board.write
read = board.read
