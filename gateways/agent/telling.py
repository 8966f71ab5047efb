"""Telling the console what the gateway serves: it cannot ask for itself."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

from console.contract.wire import Upstream
from console.redis import Client, RedisError
from gateways import told
from gateways.drivers.base import Process, Reader, Served
from gateways.told import Told

log = logging.getLogger(__name__)


class TellingReader:
    """A `Reader` that says in Redis what it read. Redis being away, or forbidding it, is no failure
    of the gateway; what was said before grows old."""

    def __init__(self, reader: Reader, client: Client, gateway_id: str) -> None:
        self._reader = reader
        self._client = client
        self._gateway_id = gateway_id
        self._why = ""

    def served(self) -> Served | None:
        at = int(time.time() * 1000)
        found = self._reader.served()
        if found is not None:
            self._tell(Told(at, dict(found.upstreams)))
        return found

    def processes(self) -> list[Process]:
        return self._reader.processes()

    def documents(self) -> Mapping[str, Any] | None:
        return self._reader.documents()

    def confirms(self, upstream: Upstream) -> bool | None:
        return self._reader.confirms(upstream)

    def close(self) -> None:
        self._reader.close()

    def _tell(self, said: Told) -> None:
        try:
            told.tell(self._client, self._gateway_id, said)
            self._why = ""
        except (RedisError, told.TooMuch) as error:
            if str(error) != self._why:
                log.warning("the console is not told what the gateway serves: %s", error)
            self._why = str(error)
