"""What a registry's worker last said about it, and how it is put into words.

The status lives in Redis, not in the registry's row: it changes often and is nobody's
configuration. It does not expire; a status whose worker is gone is shown as what it is, old.
"""

from __future__ import annotations

import time

from django.db import models
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from console.board import Board
from console.contract import keys


class Phase(models.TextChoices):
    """Where a registry stands; `COLOURS` has a colour for each."""

    UNKNOWN = "unknown", _("not started")
    DISABLED = "disabled", _("paused")
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
    """One word of a worker. Times are milliseconds since the Unix epoch; 0: never. Counters begin
    at 0 with each shift of a worker."""

    phase: str = Phase.UNKNOWN.value
    reason: str = ""  # a code of `registries.kube.errors`, e.g. unauthorized
    text: str = ""  # the reason in a sentence that a person can act on; hostile text
    since: int = 0  # when the phase began
    said_at: int = 0  # when the worker last wrote this
    connected_at: int = 0  # when a list or watch last succeeded
    event_at: int = 0  # when the last change was read
    bookmark_at: int = 0  # when the last bookmark was read
    resource: str = ""  # endpointslices or endpoints
    streamed: bool = False  # the first state comes by watch (WatchList), not by list
    cluster: str = ""  # the cluster's identity: uid of its kube-system namespace; empty: unknown
    worker: str = ""  # who watches, as named in the lease
    services: int = 0
    endpoints: int = 0
    seq: int = 0  # of the registry's feed
    lag_ms: int = 0  # read from the API server → committed, last commit
    lag_counts: tuple[int, ...] = ()  # commits by lag, `console.lags.BOUNDS` and above
    lag_sum: float = 0.0  # of all commits' lags, in seconds
    commits: int = 0
    lists: int = 0
    watches: int = 0
    events: int = 0  # ADDED, MODIFIED and DELETED
    bookmarks: int = 0
    failures: dict[str, int] = {}  # by code, since this shift began: unauthorized, expired, cut, …
    resync: int = 0  # the newest request to read everything anew that was met (`Registry.resync`)
    resync_at: int = 0  # when it was met
    resync_different: int | None = None  # objects that were not as held; None: held was nothing
    resync_error: str = ""  # why the cluster could not be read for it; hostile text
    resync_reason: str = ""  # the code of that
    drift: int = 0  # objects that a safety list found different from what the watch had told
    refused: dict[str, int] = {}  # endpoints that are left out now, by reason
    truncated: int = 0  # services whose Endpoints were cut off at 1,000 addresses
    cut_off: tuple[str, ...] = ()  # the first of them, namespace/name
    warnings: tuple[str, ...] = ()  # the same in English, for programs
    token_expires_at: int = 0  # 0: it does not expire, or nobody knows


board = Board(Status, owner=keys.registry)
write = board.write
read = board.read


def tell_quarantine(registry_id: str, text: str) -> None:
    """Say why nobody watches a registry for a while. Raises `RedisError`."""
    word = Status(
        phase=Phase.FAILING.value,
        reason="quarantined",
        text=text,
        since=int(time.time() * 1000),
    )
    board.say(registry_id, word)
