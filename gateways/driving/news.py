"""What the driving core tells of a gateway. Whoever runs it says where that goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# Phases; `gateways.health.Phase` has the words.
WAITING = "waiting"
UNCLAIMED = "unclaimed"
IN_SYNC = "in_sync"
FAILING = "failing"


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """How a gateway stands. Times are milliseconds since the Unix epoch; 0: never.

    `applied` is the position in the control plane's feed, `lag_ms` the newest time from the API
    server's word to the gateway's confirmation, `written` what this shift has written, `refused`
    what the kind cannot have, `differences` what the gateway served otherwise at `audited_at`, and
    `healed` how often it was given everything anew for that.
    """

    phase: str = WAITING
    reason: str = ""
    text: str = ""
    applied: str = ""
    applied_at: int = 0
    lag_ms: int = 0
    resources: int = 0
    written: int = 0
    refused: Mapping[str, str] = field(default_factory=dict)
    audited_at: int = 0
    differences: Mapping[str, str] = field(default_factory=dict)
    healed: int = 0
