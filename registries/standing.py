"""How registries stand, for pages (`console.ui.standing`)."""

from __future__ import annotations

from console.ui.standing import Standing as _Standing
from console.ui.standing import Standings
from registries import health
from registries.health import COLOURS, Phase, Status
from registries.models import Registry

Standing = _Standing[Status]

_standings: Standings[Registry, Status] = Standings(
    read=health.read, phases=Phase, colours=COLOURS, nothing=Status()
)
of = _standings.of
with_standing = _standings.with_standing
