"""The list of registries: how each stands, on one page and as a file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from console.contract import keys
from console.ui.lists import Column, Listed, export, in_order, sort_of
from console.ui.pages import control_plane_of, page
from console.ui.troubles import silent
from registries import expiry, standing, wording
from registries.filters import RegistryFilterForm
from registries.health import Phase, Status
from registries.models import Registry
from registries.standing import Standing
from registries.wording import Words

from .registries import rows_of

_NEVER = float("inf")
_BY_URGENCY = (Phase.FAILING, Phase.UNKNOWN, Phase.CONNECTING, Phase.CONNECTED, Phase.DISABLED)


@dataclass(frozen=True, slots=True)
class Line:
    """A registry with all that is known of it now."""

    registry: Registry
    standing: Standing
    used_by: int

    @property
    def status(self) -> Status:
        return self.standing.status

    @property
    def phase(self) -> str:
        if not self.registry.enabled:
            return Phase.DISABLED.value
        return self.status.phase if self.status.phase in Phase.values else Phase.UNKNOWN.value

    @property
    def words(self) -> Words:
        return wording.of(self.status) if self.registry.enabled else Words()

    @property
    def silent(self) -> bool:
        """Whether nobody watches it, though somebody should: what is said of it is old."""
        now = int(time.time() * 1000)
        return self.standing.known and silent(self.registry, self.status, now)


def _urgency(line: Line) -> tuple[int, str]:
    return _BY_URGENCY.index(Phase(line.phase)), line.registry.name.lower()


SORTS: Mapping[str, Callable[[Line], Any]] = {
    "name": lambda line: line.registry.name.lower(),
    "state": _urgency,
    "services": lambda line: line.status.services,
    "token": lambda line: line.status.token_expires_at or _NEVER,
    "used": lambda line: line.used_by,
    "changed": lambda line: line.status.event_at,
}

COLUMNS: tuple[Column[Line], ...] = (
    Column("name", lambda line: line.registry.name),
    Column("server", lambda line: line.registry.server),
    Column("phase", lambda line: line.phase if line.standing.known else ""),
    Column("reason", lambda line: line.status.reason if line.registry.enabled else ""),
    Column("headline", lambda line: line.words.headline),
    Column("services", lambda line: line.status.services),
    Column("endpoints", lambda line: line.status.endpoints),
    Column("token_expires_at", lambda line: _moment(line.status.token_expires_at)),
    Column("used_by", lambda line: line.used_by),
    Column("last_change", lambda line: _moment(line.status.event_at)),
    Column("lag_ms", lambda line: line.status.lag_ms if line.status.commits else None),
)


@page()
def registry_list(request: HttpRequest) -> HttpResponseBase:
    form = RegistryFilterForm(request.GET)
    lines = _lines(request)
    sort = sort_of(request, SORTS, default="name")
    found = in_order(_fitting(lines, **form.criteria()), SORTS, sort)
    if answer := export(request, found, COLUMNS, name="registries"):
        return answer
    listing = Listed(request, found, sort=sort)
    context = {
        "listing": listing,
        "page": listing.page,
        "form": form,
        "any": bool(lines),
        "known": all(line.standing.known for line in lines),
        "topics": _topics(request, listing.page.object_list),
    }
    part = "registries/_registry_table.html"
    whole = "registries/registry_list.html"
    live: HttpResponse = render(
        request, part if request.headers.get("HX-Request") else whole, context
    )
    return live


def _lines(request: HttpRequest) -> list[Line]:
    # What uses a registry is another room's business; its rows point here by this name.
    used = Count("members__upstream__application", distinct=True)
    rows = list(rows_of(request).annotate(used_by=used))
    stands = standing.of(rows)
    return [Line(row, stands[str(row.pk)], row.used_by) for row in rows]


def _fitting(lines: Iterable[Line], *, q: str, state: str) -> Iterable[Line]:
    wanted = q.lower()
    for line in lines:
        text = f"{line.registry.name}\n{line.registry.server}\n{line.registry.description}"
        if wanted in text.lower() and (not state or _is(line, state)):
            yield line


def _is(line: Line, state: str) -> bool:
    if state == "paused":
        return not line.registry.enabled
    if state == "token":
        return line.registry.enabled and expiry.mark(line.registry, line.status) is not None
    return line.phase == state


def _topics(request: HttpRequest, shown: Iterable[Line]) -> str:
    """What the list hears of: the registries that are shown, and rows that come and go."""
    topics = [keys.registry(str(line.registry.pk)) for line in shown]
    return " ".join([keys.rows(str(control_plane_of(request).pk)), *topics])


def _moment(millis: int) -> str | None:
    return datetime.fromtimestamp(millis / 1000, UTC).isoformat() if millis else None
