"""How the running processes of a gateway stand: the four states of an instance.

Pure: what was reported, the newest position of the control plane's feed and the time go in. A
report is ten seconds old at worst, so what an instance lacks is judged as of its report.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

from gateways.instances import LOST_AFTER, OFFLINE_AFTER, Instance

# Milliseconds that a commit may wait for an instance before its configuration counts as stuck.
LATE = 5_000


class State(models.TextChoices):
    HEALTHY = "healthy", _("healthy")
    HEARTBEATS = "heartbeats", _("only heartbeats")
    LOST = "lost", _("lost connection")
    OFFLINE = "offline", _("offline")


COLOURS = {
    State.HEALTHY: "green",
    State.HEARTBEATS: "orange",
    State.LOST: "red",
    State.OFFLINE: "secondary",
}


@dataclass(frozen=True, slots=True)
class Way:
    """How far an instance has to go: the commits that it has not applied, None: not known, and
    when the first of these was made, in milliseconds; 0: there is none, or it is not known."""

    behind: int | None = None
    waiting_since: int = 0


@dataclass(frozen=True, slots=True)
class Presence:
    """An instance and how it stands. `behind` counts commits that it had not applied when it
    reported, `behind_ms` is how long the first of them had been waiting then; None: not known. Of
    one that is silent both are as of now."""

    instance: Instance
    state: State
    behind: int | None = None
    behind_ms: int | None = None


def of(instance: Instance, way: Way, *, now: int) -> Presence:
    """How an instance stands at the moment `now`, in milliseconds."""
    silent = now - instance.seen_at > LOST_AFTER
    behind, waited = _lack(way, at=now if silent else instance.seen_at)
    return Presence(instance, _state(instance, waited, now), behind, waited)


def healthy(found: Iterable[Presence]) -> int:
    return sum(one.state is State.HEALTHY for one in found)


def _lack(way: Way, *, at: int) -> tuple[int | None, int | None]:
    if way.behind is None:
        return None, None
    waited = at - way.waiting_since
    if not way.behind or (way.waiting_since and waited <= 0):
        return 0, 0  # what came after its report is no lack of which it could have told
    return way.behind, waited if way.waiting_since else None


def _state(instance: Instance, waited: int | None, now: int) -> State:
    silence = now - instance.seen_at
    if silence > OFFLINE_AFTER:
        return State.OFFLINE
    if silence > LOST_AFTER:
        return State.LOST
    if instance.refuses or (waited or 0) > LATE:
        return State.HEARTBEATS
    return State.HEALTHY
