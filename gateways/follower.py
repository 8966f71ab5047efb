"""Driving one gateway for as long as this worker owns it: the edge of `gateways.driving` to rows,
leases and status boards.

When the gateway does not take what it is given, its driver starts again after a while; an edit of
its row ends the wait. PostgreSQL is asked by a thread of its own (`gateways.rows`).
"""

from __future__ import annotations

import contextlib
import logging
import time

import msgspec
from django.db import DatabaseError, InterfaceError

from console import redis
from console.board import Speaker
from console.contract import keys
from console.feed import Fenced
from console.ownership import LostOwnership, Ownership
from console.redis import RedisError
from gateways import drivers, health, instances
from gateways.drivers.base import Driver, DriverError, Outlived, Reader
from gateways.driving.auditor import Auditor
from gateways.driving.ledger import Ledger
from gateways.driving.news import News
from gateways.driving.patience import Pace, Patience
from gateways.driving.reporting import Reporter
from gateways.driving.shift import Shift, millis
from gateways.driving.source import Feed
from gateways.driving.watching import WatchingDriver
from gateways.health import Phase, Status, marked, plain
from gateways.instances import Instance
from gateways.models import Gateway
from gateways.rows import ROWS, Row

log = logging.getLogger(__name__)

_CLEAN = 3600.0  # seconds between looks for instances to forget


def drive(gateway_id: str, ownership: Ownership, *, pace: Pace | None = None) -> None:
    """Drive until the ownership ends or the gateway is disabled or deleted."""
    pace = pace or Pace()
    patience, ledger = Patience(pace), Ledger()
    with ROWS.following(gateway_id) as row:
        while ownership.going:
            if not row.known:
                row.wait(0.2)
                continue
            gateway = row.take()
            if gateway is None:
                health.forget(gateway_id)
                return
            if not gateway.enabled:
                _say_disabled(gateway_id)
                return
            wait = _work(gateway, ownership, row, patience=patience, ledger=ledger, pace=pace)
            _pause(ownership, row, wait)


def _work(
    gateway: Gateway,
    ownership: Ownership,
    row: Row,
    *,
    patience: Patience,
    ledger: Ledger,
    pace: Pace,
) -> float:
    """Drive until something fails or changes; return the seconds to wait."""
    house: _House | None = None
    try:
        house = _House(gateway, ownership, row, pace)
        shift = None
        source = Feed(redis.store(), _feed(gateway), since=ledger.newest)
        try:
            driver = _driver(gateway)
            with _auditor(gateway, driver, ledger, pace) as auditor:
                shift = Shift(driver=driver, source=source, house=house, auditor=auditor, pace=pace)
                shift.run(ownership.epoch)
            return 0.0
        finally:
            ledger.newest = source.newest
            if shift is not None and shift.applied:
                patience.recovered()
    except DriverError as error:
        _refuse_older(gateway, error)
        text, reason, wait = str(error), error.code, patience.failed_by(error)
    except ValueError as error:
        text, reason, wait = str(error), "settings", patience.failed(permanent=True)
    except (RedisError, DatabaseError, InterfaceError) as error:
        text, reason = f"Redis or PostgreSQL is away: {error}", "house"
        wait = patience.failed()
    except (Fenced, LostOwnership):
        raise
    except Exception as error:  # the outermost loop: a driver's fault is said and tried again
        log.exception("gateway %s: its driver is broken", gateway.pk)
        text, reason = f"Its driver is broken: {error!r}", ""
        wait = patience.failed(permanent=True)
    log.warning("gateway %s: %s", gateway.pk, text)
    tell_failure(str(gateway.pk), text, reason=reason)
    return wait


class _House:
    """What a shift needs of a worker (`gateways.driving.shift.House`)."""

    def __init__(self, gateway: Gateway, ownership: Ownership, row: Row, pace: Pace) -> None:
        self._id = str(gateway.pk)
        self._ownership = ownership
        self._row = row
        self._speaker = Speaker(health.board, self._id, repeat=pace.tell)
        self._phase, self._since = "", 0
        self._instances: list[Instance] = []
        self._asked = self._cleaned = float("-inf")
        self._asks = min(2.0, pace.report / 2)

    @property
    def going(self) -> bool:
        return self._ownership.going

    @property
    def changed(self) -> bool:
        return self._row.changed

    def prove(self) -> None:
        self._ownership.prove()

    def settled(self) -> None:
        self._ownership.settled()

    def tell(self, news: News) -> None:
        if news.phase != self._phase:
            self._phase, self._since = news.phase, millis()
        self._speaker.say(
            Status(
                phase=news.phase,
                reason=news.reason,
                text=news.text,
                since=self._since,
                applied=news.applied,
                applied_at=news.applied_at,
                lag_ms=news.lag_ms,
                resources=news.resources,
                written=news.written,
                refused=plain(news.refused),
                refused_marked=marked(news.refused),
                audited_at=news.audited_at,
                differences=plain(news.differences),
                differences_marked=marked(news.differences),
                healed=news.healed,
            )
        )
        if time.monotonic() - self._cleaned > _CLEAN:
            self._cleaned = time.monotonic()
            instances.forget_old(redis.store(), self._id)

    def instances(self) -> list[Instance]:
        if time.monotonic() - self._asked > self._asks:
            self._asked = time.monotonic()
            self._instances = instances.read(redis.store(), [self._id])[self._id]
        return self._instances


def _driver(gateway: Gateway) -> Driver:
    if gateway.by_agent:
        return WatchingDriver(gateway.kind, gateway.settings)
    return drivers.build(gateway.kind, gateway.settings, gateway.secret.reveal())


def _auditor(gateway: Gateway, driver: Driver, ledger: Ledger, pace: Pace) -> Auditor:
    gateway_id, secret = str(gateway.pk), gateway.secret.reveal()
    pulled = driver.pulled

    def reader() -> Reader | None:
        if gateway.by_agent:
            return None  # it cannot be reached from here
        return drivers.reader(gateway.kind, gateway.settings, secret)

    return Auditor(
        reader=reader,
        ledger=ledger,
        report=Reporter(redis.store(), gateway_id, by="driver", ledger=ledger, pulled=pulled),
        pace=pace,
        heals=not pulled,
        measures=not gateway.by_agent,
        counts_applying=not pulled,
        name=f"auditor of {gateway_id}",
    )


def _feed(gateway: Gateway) -> keys.FeedKeys:
    return keys.feed(keys.control_plane(str(gateway.control_plane_id)))


def _refuse_older(gateway: Gateway, error: DriverError) -> None:
    """A gateway that has known a higher epoch: of an agent that drove it once, or of a PostgreSQL
    before its old backup was restored. Raises `Fenced`, by which the epoch is lifted, or another
    worker is found to have taken over."""
    if isinstance(error, Outlived):
        raise Fenced(f"gateway {gateway.pk}", error.epoch) from error


def _say_disabled(gateway_id: str) -> None:
    with contextlib.suppress(RedisError):
        health.board.say(gateway_id, Status(phase=Phase.DISABLED.value, since=millis()))


def tell_failure(gateway_id: str, text: str, *, reason: str = "") -> None:
    """Say on the gateway's board that it fails, and why."""
    try:
        before = health.read([gateway_id])[gateway_id]
        failing = before.phase == Phase.FAILING.value
        health.board.say(
            gateway_id,
            msgspec.structs.replace(
                before,
                phase=Phase.FAILING.value,
                reason=reason,
                text=text[:500],
                since=before.since if failing else millis(),
            ),
        )
    except RedisError:
        return  # nobody can be told; the log has it


def _pause(ownership: Ownership, row: Row, seconds: float) -> None:
    """Wait; an edit of the row ends it at once."""
    end = time.monotonic() + seconds
    while ownership.going and (left := end - time.monotonic()) > 0:
        if row.wait(min(left, 0.2)):
            return
