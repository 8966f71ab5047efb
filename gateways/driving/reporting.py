"""Saying in Redis which processes of a gateway run, as the one who asked them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from console.redis import Client, RedisError
from gateways import instances
from gateways.drivers.base import Process
from gateways.instances import LOST_AFTER, Instance

from .ledger import Ledger

log = logging.getLogger(__name__)


class Reporter:
    """Called by an `Auditor`. `alone` is reported if the gateway tells of no process of its own;
    `pulled`: nobody knows what they have applied, unless they say so where they fetch it;
    `beside`: who reports is as near as can be, and tells of processes that do not answer, too.

    All processes that one driver asks get the same changes at the same time: the lags are told with
    the first of them, so that a gateway's histogram counts each change once.
    """

    def __init__(
        self,
        client: Client,
        gateway_id: str,
        *,
        by: str,
        ledger: Ledger,
        alone: Callable[[], Process | None] = lambda: None,
        beside: bool = False,
        pulled: bool = False,
    ) -> None:
        self._client = client
        self._gateway_id = gateway_id
        self._by = by
        self._ledger = ledger
        self._alone = alone
        self._beside = beside
        self._pulled = pulled
        self._registered: dict[str, int] = {}
        self._last: tuple[list[Process], str, int] = ([], "", 0)

    def __call__(self, processes: list[Process], position: str, at: int, silent: str) -> None:
        """`silent`: why they did not answer just now."""
        if silent and not self._beside:
            return  # what was known grows old
        self._last = (processes, position, at)
        alone = self._alone() if not processes else None
        found = sorted(processes, key=lambda one: one.id) or ([alone] if alone else [])
        measured = self._ledger.measured
        try:
            if self._pulled:
                found, position, at = self._unsaid(found), "", 0
            for number, one in enumerate(found):
                instances.report(
                    self._client,
                    self._gateway_id,
                    Instance(
                        id=one.id[:200],
                        hostname=one.hostname[:200],
                        version=one.version[:100],
                        by=self._by,
                        applied=position,
                        applied_at=at,
                        refuses=silent[:300],
                        lag_ms=measured.lag_ms if number == 0 else None,
                        lag_counts=measured.lag_counts if number == 0 else (),
                        lag_sum=measured.lag_sum if number == 0 else 0.0,
                        registered_at=self._since(one.id),
                    ),
                )
        except RedisError as error:
            log.debug("gateway %s: not reported: %s", self._gateway_id, error)

    def _unsaid(self, processes: list[Process]) -> list[Process]:
        """None, if somebody nearer reports: whoever they fetch from."""
        now = int(time.time() * 1000)
        known = instances.read(self._client, [self._gateway_id])[self._gateway_id]
        near = any(one.by != self._by and now - one.seen_at < LOST_AFTER for one in known)
        return [] if near else processes

    def failing(self, why: str) -> None:
        """Nothing can be brought to the gateway now."""
        self(*self._last, why)

    def _since(self, process_id: str) -> int:
        return self._registered.setdefault(process_id, int(time.time() * 1000))
