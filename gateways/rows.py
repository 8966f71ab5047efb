"""The rows of the gateways that this process drives (`console.rows`)."""

from __future__ import annotations

from console.contract import keys
from console.rows import Followed, Rows
from gateways.models import Gateway

Row = Followed[Gateway]
ROWS = Rows(Gateway, topic=keys.gateway, name="gateways")
