"""The way of a change as one picture: clusters → console → gateways, with the lag on each arrow.

Whoever is in trouble comes first and is always shown; of the others as many as there is room for,
and the rest is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console import lags, redis
from console.contract import keys
from console.models import ControlPlane
from console.overview.propagation import MOST_BUDGET, in_words
from console.overview.steps import Counts
from console.redis import RedisError
from console.ui.pages import Badge
from console.ui.troubles import Trouble, Weight
from gateways.fleet import Fleet
from gateways.health import Phase as GatewayPhase
from gateways.models import Gateway
from gateways.standing import Progress
from gateways.standing import Standing as GatewayStanding
from registries.health import Phase, Status
from registries.models import Registry
from registries.standing import Standing

ROOM = 5  # boxes of a column
_SLOW = 1_000  # milliseconds from cluster to gateway that somebody would notice


@dataclass(frozen=True, slots=True)
class Arrow:
    """`health` is good, warn, bad or quiet; `lag` its number, `more` the small print, `title` the
    whole in a sentence. `still`: nothing moves on it."""

    health: str
    lag: str = ""
    more: str = ""
    title: str = ""

    @property
    def still(self) -> bool:
        return self.health in ("bad", "quiet")


@dataclass(frozen=True, slots=True)
class Box:
    """A cluster or a gateway. `figures` are short sentences below its name."""

    key: str
    name: str
    url: str
    badge: Badge
    figures: tuple[str, ...]
    arrow: Arrow
    icon: str

    @property
    def health(self) -> str:
        return self.arrow.health


@dataclass(frozen=True, slots=True)
class Middle:
    """The control plane itself. `position` is of its feed, epoch-seq; `committed_at` in
    milliseconds, when it last changed."""

    badge: Badge
    health: str
    figures: tuple[str, ...]
    position: str = ""
    committed_at: int = 0


@dataclass(frozen=True, slots=True)
class Flow:
    """`hidden_…` are those that there was no room for; all of them are well."""

    clusters: list[Box]
    hidden_clusters: int
    middle: Middle
    gateways: list[Box]
    hidden_gateways: int


def draw(
    control_plane: ControlPlane,
    registries: Iterable[tuple[Registry, Standing]],
    gateways: Iterable[tuple[Gateway, GatewayStanding]],
    *,
    progress: Mapping[str, Progress],
    fleets: Mapping[str, Fleet],
    troubles: Iterable[Trouble],
    counts: Counts,
) -> Flow:
    """The picture, coloured by the troubles that were found. One look into Redis."""
    listed = list(troubles)
    stuck = Weight.BROKEN if any(one.covers for one in listed) else None
    worst = _worst(listed)
    clusters = [
        _cluster(row, stands, worst.get(str(row.pk), stuck if row.enabled else None))
        for row, stands in registries
    ]
    outlets = [
        _gateway(
            row,
            stands,
            progress[str(row.pk)],
            fleets[str(row.pk)],
            worst.get(str(row.pk), stuck if row.enabled else None),
        )
        for row, stands in gateways
    ]
    shown, hidden = _fit(clusters)
    shown_outlets, hidden_outlets = _fit(outlets)
    return Flow(
        clusters=shown,
        hidden_clusters=hidden,
        middle=_middle(control_plane, worst.get(str(control_plane.pk), stuck), counts),
        gateways=shown_outlets,
        hidden_gateways=hidden_outlets,
    )


def _worst(troubles: Iterable[Trouble]) -> dict[str, Weight]:
    """The worst that is told of each row; troubles come in order."""
    found: dict[str, Weight] = {}
    for one in troubles:
        found.setdefault(one.row_id, one.weight)
    return found


def _fit(boxes: list[Box]) -> tuple[list[Box], int]:
    """The boxes to show, in trouble first, and how many are left."""
    order = {"bad": 0, "warn": 1, "quiet": 3}
    ranked = sorted(boxes, key=lambda box: (order.get(box.health, 2), box.name))
    ill = sum(box.health in ("bad", "warn") for box in ranked)
    room = min(len(ranked), max(ROOM, min(ill, 2 * ROOM)))
    return ranked[:room], len(ranked) - room


def _cluster(row: Registry, stands: Standing, worst: Weight | None) -> Box:
    status = stands.status
    figures = (
        ngettext("%(count)d service", "%(count)d services", status.services)
        % {"count": status.services},
        ngettext("%(count)d endpoint", "%(count)d endpoints", status.endpoints)
        % {"count": status.endpoints},
    )
    connected = stands.known and row.enabled and status.phase == Phase.CONNECTED
    return Box(
        key=f"cluster-{row.pk}",
        name=row.name,
        url=reverse("registries:registry-detail", args=[row.pk]),
        badge=stands.badge,
        figures=figures if stands.known and status.said_at else (),
        arrow=_published(status, _health(worst, working=connected)),
        icon="world-search",
    )


def _published(status: Status, health: str) -> Arrow:
    if not status.commits:
        return Arrow(health, title=_("Nothing has been published in this shift of its worker yet."))
    half, most = lags.within(status, 0.5), lags.within(status, 0.99)
    if health == "good" and (most is None or most > MOST_BUDGET):
        health = "warn"
    values = {"half": in_words(half), "most": in_words(most), "last": status.lag_ms}
    return Arrow(
        health,
        lag=in_words(half),
        more=_("99 %% %(most)s, last %(last)d ms") % values,
        title=_(
            "From the API server's word to the feed: half of the changes %(half)s, 99 %% %(most)s,"
            " the last %(last)d ms."
        )
        % values,
    )


def _gateway(
    row: Gateway, stands: GatewayStanding, progress: Progress, fleet: Fleet, worst: Weight | None
) -> Box:
    status = stands.status
    in_sync = stands.known and row.enabled and status.phase == GatewayPhase.IN_SYNC
    figures: tuple[str, ...] = (str(row.get_kind_display()),)
    if status.applied:
        figures += (
            ngettext("%(count)d resource", "%(count)d resources", status.resources)
            % {"count": status.resources},
        )
    if fleet.members:
        counts = {"healthy": fleet.healthy, "total": len(fleet.members)}
        figures += (_("%(healthy)d of %(total)d healthy") % counts,)
    return Box(
        key=f"gateway-{row.pk}",
        name=row.name,
        url=reverse("gateways:gateway-detail", args=[row.pk]),
        badge=stands.badge,
        figures=figures,
        arrow=_applied(status.lag_ms, progress, fleet, _health(worst, working=in_sync)),
        icon="router",
    )


def _applied(lag: int, progress: Progress, fleet: Fleet, health: str) -> Arrow:
    if progress.behind is None:
        return Arrow(health, title=_("It has not taken anything yet."))
    if progress.behind:
        more = _("%(count)d behind") % {"count": progress.behind}
    else:
        more = _("has everything")
    if health == "good" and lag > _SLOW:
        health = "warn"
    if fleet.measured:
        return _confirmed(fleet, more, health)
    return Arrow(
        health,
        lag=_("%(lag)d ms") % {"lag": lag} if lag else "",
        more=more,
        title=_(
            "From the API server's word to the gateway, newest change of nodes: %(lag)d ms;"
            " %(more)s."
        )
        % {"lag": lag, "more": more}
        if lag
        else more,
    )


def _confirmed(fleet: Fleet, more: str, health: str) -> Arrow:
    """The arrow to a gateway whose instances confirm what they take."""
    half, most = in_words(fleet.half), in_words(fleet.most)
    values = {"half": half, "most": most, "more": more}
    return Arrow(
        health,
        lag=half,
        more=_("99 %% %(most)s, %(more)s") % values,
        title=_(
            "From the API server's word to the gateway's confirmation: half of the changes"
            " %(half)s, 99 %% %(most)s; %(more)s."
        )
        % values,
    )


def _health(worst: Weight | None, *, working: bool) -> str:
    if worst == Weight.BROKEN:
        return "bad"
    if worst == Weight.AT_RISK:
        return "warn"
    return "good" if working else "quiet"


def _middle(control_plane: ControlPlane, worst: Weight | None, counts: Counts) -> Middle:
    feed = keys.feed(keys.control_plane(str(control_plane.pk)))
    pipeline = redis.store().pipeline(transaction=False)
    pipeline.hmget(feed.meta, "epoch", "seq", "at").hlen(feed.states)
    try:
        (epoch, seq, at), resources = pipeline.execute()
    except RedisError:
        return Middle(Badge(_("unknown")), "quiet", _figures(counts))
    if seq is None:
        badge = Badge(_("not compiled yet"), "azure")
        return Middle(badge, "bad" if worst == Weight.BROKEN else "quiet", _figures(counts))
    stuck = worst == Weight.BROKEN
    return Middle(
        Badge(_("not compiled"), "red") if stuck else Badge(_("compiled"), "green"),
        "bad" if stuck else "good",
        _figures(counts, int(resources)),
        position=f"{int(epoch)}-{int(seq)}",
        committed_at=int(at or 0),
    )


def _figures(counts: Counts, resources: int | None = None) -> tuple[str, ...]:
    applications = ngettext(
        "%(count)d application", "%(count)d applications", counts.published_applications
    ) % {"count": counts.published_applications}
    apis = ngettext("%(count)d API", "%(count)d APIs", counts.published_apis) % {
        "count": counts.published_apis
    }
    found = (_("%(apis)s of %(applications)s") % {"apis": apis, "applications": applications},)
    if resources is None:
        return found
    compiled = ngettext("%(count)d resource", "%(count)d resources", resources)
    return (*found, compiled % {"count": resources})
