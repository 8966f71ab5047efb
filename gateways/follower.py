"""Driving one gateway for as long as this worker owns it.

Follows the control plane's feed and hands each change to the driver. When the gateway does not
take it, the driver starts again after a while: it learns what the gateway has and replaces what
differs, so that it does not matter what became of the change that failed. Nothing is sent before
the control plane has been compiled once.
"""

from __future__ import annotations

import logging
import time
import uuid
from dataclasses import dataclass

import msgspec
from django.db import DatabaseError, close_old_connections

from console import redis
from console.board import Speaker
from console.contract import keys, wire
from console.feed import FeedReader, States, follow
from console.ownership import Ownership
from console.redis import RedisError
from console.wakeups import WakeupReader
from gateways import drivers, health
from gateways.drivers.base import Applied, Driver, DriverError
from gateways.health import Phase, Status
from gateways.models import Gateway

log = logging.getLogger(__name__)

_WAIT = 0.5  # seconds; the longest time until a lost lease or a shutdown is noticed


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a driver's loop does what, in seconds."""

    look: float = 20.0  # at the row, if no wake-up comes
    touch: float = 5.0  # look whether an idle gateway still has everything
    tell: float = 5.0  # an unchanged status
    retry: tuple[float, ...] = (1.0, 2.0, 5.0, 10.0)  # after the first, second, … failure in a row


def drive(gateway_id: str, ownership: Ownership, *, pace: Pace | None = None) -> None:
    """Drive until the ownership ends or the gateway is disabled or deleted."""
    pace = pace or Pace()
    failures = 0
    while ownership.going:
        try:
            gateway = _read(gateway_id)
            if gateway is None:
                redis.store().unlink(keys.status(keys.gateway(gateway_id)))
                return
            if not gateway.enabled:
                health.board.say(gateway_id, Status(phase=Phase.DISABLED.value, since=_millis()))
                return
            shift = _Shift(gateway, ownership, pace)
            try:
                shift.run()
                failures = 0
                continue
            finally:
                failures = 0 if shift.applied else failures
        except DriverError as error:
            text, reason = str(error), error.code
        except ValueError as error:
            text, reason = str(error), "settings"
        except (RedisError, DatabaseError) as error:
            text, reason = f"Redis or PostgreSQL is away: {error}", "house"
        log.warning("gateway %s: %s", gateway_id, text)
        tell_failure(gateway_id, text, reason=reason)
        _pause(ownership, pace.retry[min(failures, len(pace.retry) - 1)])
        failures += 1


class _Shift:
    """One run with one revision of the row, to its first failure."""

    def __init__(self, gateway: Gateway, ownership: Ownership, pace: Pace) -> None:
        self._id = str(gateway.pk)
        self._pace = pace
        self._revision = gateway.revision
        self._topic = keys.gateway(self._id)
        self._ownership = ownership
        self._client = redis.store()
        feed = keys.feed(keys.control_plane(str(gateway.control_plane_id)))
        self._reader = FeedReader(self._client, feed)
        self._wakeups = WakeupReader(self._client)
        self._driver: Driver = drivers.build(
            gateway.kind, gateway.settings, gateway.secret.reveal()
        )
        self._status = Status(phase=Phase.WAITING.value, since=_millis())
        self._speaker = Speaker(health.board, self._id, repeat=pace.tell)
        self._unreadable: dict[str, str] = {}
        self.applied = False

    def run(self) -> None:
        self._driver.start()
        self._reader.sync()
        looked = touched = time.monotonic()
        while self._ownership.going:
            if self._reader.known and self._step():
                touched = time.monotonic()
                self._ownership.settled()
            if self.applied and time.monotonic() - touched > self._pace.touch:
                touched = time.monotonic()
                self._ownership.prove()
                self._driver.touch()
            self._speaker.say(self._status)
            follow(self._client, [self._reader, self._wakeups], block=_WAIT)
            if self._topic in self._wakeups.take() or time.monotonic() - looked > self._pace.look:
                looked = time.monotonic()
                gateway = _read(self._id)
                if gateway is None or gateway.revision != self._revision:
                    return

    def _step(self) -> bool:
        """Bring the gateway up to the feed; tell whether there was anything to do."""
        taken = self._reader.take()
        if self.applied and not taken:
            # Commits that changed nothing: there is nothing that the gateway lacks.
            self._status = msgspec.structs.replace(self._status, applied=str(self._reader.position))
            return False
        resources = self._decoded(taken)
        self._ownership.prove()
        if self.applied:
            done = self._driver.apply(resources)
        else:
            done = self._driver.replace(
                {key: resource for key, resource in resources.items() if resource}
            )
            self.applied = True
        self._note(done, list(resources.values()))
        return True

    def _decoded(self, states: States) -> dict[str, wire.Resource | None]:
        """Read resources. One that cannot be read is named, and what the gateway has of it stays
        until the driver starts over."""
        resources: dict[str, wire.Resource | None] = {}
        for key, state in states.items():
            self._unreadable.pop(key, None)
            try:
                resources[key] = wire.decode_resource(state) if state else None
            except msgspec.DecodeError as error:
                self._unreadable[key] = f"{key} cannot be read: {error}"
        return resources

    def _note(self, done: Applied, resources: list[wire.Resource | None]) -> None:
        now = _millis()
        observed = max(
            (one.observed_at for one in resources if isinstance(one, wire.Upstream)), default=0
        )
        first = self._status.phase != Phase.IN_SYNC.value
        self._status = msgspec.structs.replace(
            self._status,
            phase=Phase.IN_SYNC.value,
            since=now if first else self._status.since,
            applied=str(self._reader.position),
            applied_at=now,
            # What was read long ago says nothing of how quickly changes arrive.
            lag_ms=now - observed if observed and not first else self._status.lag_ms,
            resources=int(self._driver.describe().get("resources", 0)),
            written=self._status.written + done.written,
            refused={**done.refused, **self._unreadable},
        )


def _read(gateway_id: str) -> Gateway | None:
    close_old_connections()
    return Gateway.objects.filter(pk=uuid.UUID(gateway_id)).first()


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
                since=before.since if failing else _millis(),
            ),
        )
    except RedisError:
        return  # nobody can be told; the log has it


def _pause(ownership: Ownership, seconds: float) -> None:
    end = time.monotonic() + seconds
    while ownership.going and time.monotonic() < end:
        time.sleep(0.2)


def _millis() -> int:
    return int(time.time() * 1000)
