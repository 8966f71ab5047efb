"""How gateways stand, for pages: what their drivers said (`console.ui.standing`), and how far they
are behind their control plane."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from console import redis
from console.contract import keys
from console.redis import RedisError
from console.ui.standing import Standing as _Standing
from console.ui.standing import Standings
from gateways import health
from gateways.health import COLOURS, Phase, Status
from gateways.models import Gateway

_POSITION = re.compile(r"[0-9]{1,18}-[0-9]{1,18}")

Standing = _Standing[Status]

_standings: Standings[Gateway, Status] = Standings(
    read=health.read, phases=Phase, colours=COLOURS, nothing=Status()
)
of = _standings.of
with_standing = _standings.with_standing


def phase_of(gateway: Gateway, stands: Standing) -> str:
    """The phase that a gateway's badge tells of."""
    return stands.status.phase if gateway.enabled else Phase.DISABLED.value


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a gateway has followed. `newest` is the position of its control plane, epoch-seq;
    `behind` counts the commits that it has not taken, None: it is not known. `waiting_since` is
    when the first of these was made, in milliseconds; 0: there is none, or it is not known."""

    newest: str = ""
    behind: int | None = None
    waiting_since: int = 0


def differences_of(status: Status) -> dict[str, str]:
    """What the gateway served otherwise when it was last asked, by the feed's keys, in sentences
    that name the addresses."""
    return status.deviations


def audited_at(status: Status) -> int:
    """When that was, in milliseconds; 0: never."""
    return int(getattr(status, "audited_at", 0))


class Follower(Protocol):
    """Whoever applies commits: a gateway's driver, an instance."""

    @property
    def applied(self) -> str: ...


Key = TypeVar("Key", bound=Hashable)


def progress(control_plane_id: str, statuses: Mapping[Key, Follower]) -> dict[Key, Progress]:
    """The progress of followers of one control plane: one look into Redis for all. Never raises:
    with Redis away nothing is known."""
    feed = keys.feed(keys.control_plane(control_plane_id))
    pipeline = redis.store().pipeline(transaction=False)
    pipeline.hmget(feed.meta, "epoch", "seq")
    for status in statuses.values():
        pipeline.xrange(feed.changes, min=f"({_place(status.applied)}", count=1)
    try:
        (epoch, seq), *firsts = pipeline.execute()
    except RedisError:
        return dict.fromkeys(statuses, Progress())
    if seq is None:
        return dict.fromkeys(statuses, Progress())
    newest = f"{int(epoch)}-{int(seq)}"
    return {
        one: _progress(newest, status.applied, first)
        for (one, status), first in zip(statuses.items(), firsts, strict=True)
    }


def progress_of(
    control_plane_id: str, rows: Iterable[tuple[Gateway, Standing]]
) -> dict[str, Progress]:
    """`progress` of rows with their standings."""
    return progress(control_plane_id, {str(row.pk): stands.status for row, stands in rows})


def _place(applied: str) -> str:
    """A place in the stream; what is none, a gateway may say anything, is its beginning."""
    return applied if _POSITION.fullmatch(applied) else "0-0"


def _progress(newest: str, applied: str, first: list[tuple[bytes, dict[bytes, bytes]]]) -> Progress:
    """Epochs change with workers and the count goes on; a lower count is another history."""
    seq = int(newest.partition("-")[2])
    has = applied.partition("-")[2] if _POSITION.fullmatch(applied) else ""
    behind = seq - int(has) if has else None
    if behind is not None and behind < 0:
        behind = None
    at = int(first[0][1].get(b"at", b"0")) if first and behind else 0
    return Progress(newest, behind, at)
