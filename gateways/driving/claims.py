"""How a gateway stands that nobody writes to: its instances fetch by themselves, or an agent beside
it drives it, and they say how far they are. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gateways.instances import LOST_AFTER, OFFLINE_AFTER, Instance

from .news import FAILING, IN_SYNC, UNCLAIMED, News

# Milliseconds that a change may be under way to an instance before that is a failure.
LATE = 5_000
_NAMED = 5


def judge(news: News, instances: Iterable[Instance], *, now: int) -> News:
    """The news of a gateway whose console is at `news.applied` since `news.applied_at`. An instance
    that has been offline for hours counts only if there is no other."""
    known = list(instances)
    lags = [one.lag_ms for one in known if one.lag_ms is not None]
    news = replace(news, lag_ms=max(lags, default=news.lag_ms))
    if not known:
        return replace(news, phase=UNCLAIMED, applied="", applied_at=0)
    near = [one for one in known if now - one.seen_at <= OFFLINE_AFTER] or known
    ill = [f"{one.hostname or one.id}: {why}" for one in near if (why := _trouble(one, news, now))]
    applied = _oldest(near, news)
    if not ill:
        return replace(news, phase=IN_SYNC, applied=applied)
    more = f" and {len(ill) - _NAMED} more" if len(ill) > _NAMED else ""
    text = "; ".join(ill[:_NAMED]) + more
    return replace(news, phase=FAILING, reason="instances", text=text[:500], applied=applied)


def _trouble(instance: Instance, news: News, now: int) -> str:
    if now - instance.seen_at > LOST_AFTER:
        return "lost"
    if instance.refuses:
        return instance.refuses
    if _lacks(instance, news) and instance.seen_at - news.applied_at > LATE:
        return f"is at {instance.applied}"
    return ""


def _lacks(instance: Instance, news: News) -> bool:
    """Without a position there is nothing to judge by."""
    return bool(instance.applied) and place(instance.applied) < place(news.applied)


def _oldest(near: list[Instance], news: News) -> str:
    """The position that all have. What a report could not have told yet is no lack."""
    lacking = [one.applied for one in near if _lacks(one, news) and one.seen_at > news.applied_at]
    return min(lacking, key=place, default=news.applied)


def place(position: str) -> tuple[int, int]:
    """A position to compare by; what is none is before all."""
    epoch, _dash, seq = position.partition("-")
    return (int(epoch), int(seq)) if epoch.isdecimal() and seq.isdecimal() else (-1, -1)
