"""What gateways add to why an upstream has its nodes, or a route its requests: whether there is a
gateway, whether it is up to date, and what it cannot have."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from applications.explain import Level, Sentence
from console.models import ControlPlane
from console.ui.troubles import silent
from gateways import standing, wording
from gateways.health import Phase, Status
from gateways.models import Gateway
from gateways.standing import Progress, Standing
from gateways.troubles import LATE


def of(control_plane: ControlPlane, keys: Iterable[str]) -> list[Sentence]:
    """What the gateways of a control plane say to some resources, by their state keys. One query
    and two looks into Redis; the worst first."""
    rows = list(Gateway.objects.filter(control_plane=control_plane).defer("secret"))
    if not rows:
        return [_none()]
    found = standing.with_standing(rows)
    progress = standing.progress_of(str(control_plane.pk), found)
    wanted, now = frozenset(keys), int(time.time() * 1000)
    told = [
        sentence
        for row, stands in found
        for sentence in _of_gateway(row, stands, progress[str(row.pk)], wanted, now)
    ]
    return sorted(told, key=lambda one: one.level)


def _of_gateway(
    gateway: Gateway, stands: Standing, progress: Progress, wanted: frozenset[str], now: int
) -> Iterator[Sentence]:
    status = stands.status
    if not stands.known:
        yield _sentence(
            gateway,
            "gateway_unknown",
            Level.WARNING,
            _("Redis does not answer: what the gateway “%(gateway)s” has is unknown."),
        )
        return
    if not gateway.enabled:
        yield _sentence(
            gateway,
            "gateway_disabled",
            Level.WARNING,
            _("The gateway “%(gateway)s” is switched off and goes on with what it has."),
            fix=_("Enable it."),
        )
        return
    if silent(gateway, status, now) or status.phase == Phase.UNKNOWN:
        yield _sentence(
            gateway,
            "gateway_silent",
            Level.PROBLEM,
            _("Nobody drives the gateway “%(gateway)s”: it goes on with what it has."),
            fix=_("A worker with room takes it up by itself; start one more."),
        )
        return
    yield from _refused(gateway, status, wanted)
    if status.phase == Phase.IN_SYNC:
        yield _progress(gateway, progress, now)
    else:
        words = wording.of(status)
        level = Level.PROBLEM if status.phase == Phase.FAILING else Level.WARNING
        yield _sentence(
            gateway,
            f"gateway_{status.phase}",
            level,
            _("The gateway “%(gateway)s”: %(why)s"),
            fix=words.fix,
            detail=status.text,
            why=words.headline,
        )


def _refused(gateway: Gateway, status: Status, wanted: frozenset[str]) -> Iterator[Sentence]:
    for key in sorted(wanted & status.refused.keys()):
        yield _sentence(
            gateway,
            "gateway_refuses",
            Level.PROBLEM,
            _("The gateway “%(gateway)s” cannot have it: %(why)s"),
            fix=_("Change what it cannot express, or use another kind of gateway."),
            why=wording.reason(status.refusals[key]),
        )


def _progress(gateway: Gateway, progress: Progress, now: int) -> Sentence:
    since = progress.waiting_since
    if since and now - since > LATE:
        return _sentence(
            gateway,
            "gateway_behind",
            Level.WARNING,
            _("The gateway “%(gateway)s” is behind: it has not applied the newest compilation."),
            fix=_("A moment is normal. If it lasts, look at its page."),
        )
    return _sentence(
        gateway,
        "gateway_in_sync",
        Level.NOTE,
        _("The gateway “%(gateway)s” has applied everything that is compiled."),
    )


def _sentence(
    gateway: Gateway,
    code: str,
    level: Level,
    text: str,
    *,
    fix: str = "",
    detail: str = "",
    **more: str,
) -> Sentence:
    values = {"gateway": gateway.name, **more}
    return Sentence(
        code=code,
        level=level,
        text=text % values,
        detail=detail,
        fix=fix,
        url="" if level is Level.NOTE else reverse("gateways:gateway-detail", args=[gateway.pk]),
        action=_("Open the gateway"),
        values=values,
    )


def _none() -> Sentence:
    return Sentence(
        code="no_gateway",
        level=Level.PROBLEM,
        text=_("The control plane has no gateway: nobody answers requests."),
        fix=_("Create a gateway."),
        url=reverse("gateways:gateway-create"),
        action=_("Create gateway"),
    )
