"""How gateways stand, for pages (`console.ui.standing`)."""

from __future__ import annotations

from console.ui.standing import Standing as _Standing
from console.ui.standing import Standings
from gateways import health
from gateways.health import COLOURS, Phase, Status
from gateways.models import Gateway

Standing = _Standing[Status]

_standings: Standings[Gateway, Status] = Standings(
    read=health.read, phases=Phase, colours=COLOURS, nothing=Status()
)
of = _standings.of
with_standing = _standings.with_standing
