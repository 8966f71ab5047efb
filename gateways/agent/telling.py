"""Telling the console what the gateway serves: it cannot ask for itself."""

from __future__ import annotations

import logging

from console.redis import Client, RedisError
from gateways import told
from gateways.drivers.base import Served
from gateways.told import Told

log = logging.getLogger(__name__)


class Teller:
    """Says in Redis what an auditor has seen. Redis being away, or forbidding it, is no failure of
    the gateway; what was said before grows old."""

    def __init__(self, client: Client, gateway_id: str) -> None:
        self._client = client
        self._gateway_id = gateway_id
        self._why = ""

    def __call__(self, at: int, served: Served) -> None:
        """`at`: when asking for it began, in ms."""
        try:
            told.tell(self._client, self._gateway_id, Told(at, dict(served.upstreams)))
            self._why = ""
        except (RedisError, told.TooMuch) as error:
            if str(error) != self._why:
                log.warning("the console is not told what the gateway serves: %s", error)
            self._why = str(error)
