"""Watching one registry, from its row to its feed, for as long as this worker owns it.

Threads: one reflector a scope reads; the task's own thread publishes, writes the status and looks
out for the end: shutdown, a lost lease, or another revision of the row. With a new revision it
starts over with the new settings; what is published stays and is judged by the next list.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from dataclasses import dataclass, field

import msgspec
from django.conf import settings
from django.db import DatabaseError, close_old_connections

from console import redis
from console.board import Speaker
from console.contract import keys
from console.feed import FeedWriter, Fenced
from console.ownership import Ownership
from console.redis import RedisError
from console.wakeups import BELL
from registries import health, publisher
from registries.endpoints import EndpointStore
from registries.health import Phase, Status
from registries.intake import Intake
from registries.kube import tokens
from registries.kube.client import Client
from registries.kube.reflector import Reflector, Timing
from registries.kube.selectors import namespace_filter
from registries.kube.slices import ENDPOINT_SLICES, ENDPOINTS, Resource
from registries.kube.spec import RegistrySpec
from registries.models import Registry
from registries.publisher import Publisher

log = logging.getLogger(__name__)

_WAIT = 0.5  # seconds; the longest time until a lost lease or a shutdown is noticed
_RETRY = 1.0  # seconds to wait when Redis is away
_LEAVE = 5.0  # seconds for the reading threads to end


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a watcher does what, in seconds."""

    look: float = 20.0  # at the row, if no wake-up comes
    verify: float = 5.0  # whether the feed holds what was committed
    tell: float = 5.0  # an unchanged status
    reading: Timing = field(default_factory=Timing)


RESOURCES: dict[str, tuple[Resource, ...]] = {
    "auto": (ENDPOINT_SLICES, ENDPOINTS),
    ENDPOINT_SLICES.plural: (ENDPOINT_SLICES,),
    ENDPOINTS.plural: (ENDPOINTS,),
}


def watch(registry_id: str, ownership: Ownership, *, pace: Pace | None = None) -> None:
    """Watch until the ownership ends or the registry is disabled or deleted."""
    rung = threading.Event()
    topic = keys.registry(registry_id)
    BELL.subscribe(topic, rung)
    try:
        while ownership.going:
            rung.clear()
            registry = _read(registry_id)
            if registry is None:
                publisher.erase(registry_id)
                return
            if not registry.enabled:
                disabled = Status(phase=Phase.DISABLED.value, since=int(time.time() * 1000))
                health.board.say(registry_id, disabled)
                return
            _Shift(registry, ownership, rung, pace or Pace()).run()
    except Fenced:
        log.warning("%s: another worker has taken over", topic)
    finally:
        BELL.unsubscribe(topic, rung)


class _Shift:
    """One run with one revision of the row."""

    def __init__(
        self, registry: Registry, ownership: Ownership, rung: threading.Event, pace: Pace
    ) -> None:
        self._id = str(registry.pk)
        self._pace = pace
        self._revision = registry.revision
        self._ownership = ownership
        self._rung = rung
        spec = registry.to_spec()
        scopes = spec.namespaces or ("",)
        self._store = EndpointStore(
            scopes=scopes,
            family=spec.address_family,
            serve_terminating=spec.draining == "serving",
            wanted=namespace_filter(spec.namespace_operator, spec.namespace_patterns),
        )
        self._intake = Intake(
            self._store,
            scopes=scopes,
            guarded=spec.deletion_guard,
            allow_loopback=settings.REGISTRIES_ALLOW_LOOPBACK_NODES,
        )
        self._publisher = Publisher(
            self._store,
            FeedWriter(redis.store(), keys.feed(keys.registry(self._id)), epoch=ownership.epoch),
        )
        self._stop = threading.Event()
        self._client = Client(spec, allow_loopback=settings.REGISTRIES_ALLOW_LOOPBACK_SERVERS)
        self._reflectors = [self._reflector(spec, scope) for scope in scopes]
        self._token_expires_at = tokens.expires_at(spec.token)
        self._speaker = Speaker(health.board, self._id, repeat=pace.tell)

    def run(self) -> None:
        if not self._open():
            return
        threads = [
            threading.Thread(target=one.run, name=f"watch {self._id}", daemon=True)
            for one in self._reflectors
        ]
        for thread in threads:
            thread.start()
        try:
            self._publish()
        finally:
            self._stop.set()
            for reflector in self._reflectors:
                reflector.close()
            end = time.monotonic() + _LEAVE
            for thread in threads:
                thread.join(timeout=max(0.0, end - time.monotonic()))
            self._client.close()

    def _reflector(self, spec: RegistrySpec, scope: str) -> Reflector:
        return Reflector(
            self._client,
            scope=scope,
            resources=RESOURCES[spec.resource],
            sink=self._intake,
            stop=self._stop,
            label_selector=spec.label_selector,
            timing=self._pace.reading,
        )

    def _open(self) -> bool:
        while self._ownership.going:
            try:
                self._publisher.open()
            except RedisError as error:
                log.warning("registry %s: Redis is away: %s", self._id, error)
                time.sleep(_RETRY)
                continue
            return True
        return False

    def _publish(self) -> None:
        verified = looked = time.monotonic()
        while self._ownership.going:
            try:
                if self._store.wait(_WAIT) or self._publisher.due:
                    self._ownership.prove()
                    self._publisher.publish(read_at=self._intake.event_at)
                if time.monotonic() - verified > self._pace.verify:
                    self._publisher.verify()
                    verified = time.monotonic()
                self._say()
            except RedisError as error:
                log.warning("registry %s: Redis is away: %s", self._id, error)
                verified = -self._pace.verify  # what it holds now is not what it held
                time.sleep(_RETRY)
            if self._rung.is_set() or time.monotonic() - looked > self._pace.look:
                self._rung.clear()
                looked = time.monotonic()
                if self._changed():
                    return

    def _changed(self) -> bool:
        try:
            registry = _read(self._id)
        except DatabaseError as error:
            log.warning("registry %s: PostgreSQL is away: %s", self._id, error)
            return False
        return registry is None or registry.revision != self._revision

    def _say(self) -> None:
        """Write the status if its time has come."""
        status = msgspec.structs.replace(
            self._intake.status(),
            resource=self._reflectors[0].resource.plural,
            services=self._publisher.services,
            endpoints=self._publisher.endpoints,
            seq=self._publisher.seq,
            lag_ms=self._publisher.lag_ms,
            warnings=self._warnings(),
            token_expires_at=self._token_expires_at,
        )
        self._speaker.say(status)

    def _warnings(self) -> tuple[str, ...]:
        """What is odd, though it works; for people."""
        found = [
            f"{number} endpoints are left out: {reason}."
            for reason, number in sorted(self._store.refused().items())
        ]
        if any(one.resource is not one.preferred for one in self._reflectors):
            found.append(
                "EndpointSlices are not permitted, so Endpoints are read: at most 1,000 addresses"
                " a service, and no word of pods that are terminating."
            )
        found += [
            f"{name} has more than 1,000 addresses; the cluster cut the rest off."
            for name in self._store.truncated()[:10]
        ]
        return tuple(found)


def _read(registry_id: str) -> Registry | None:
    close_old_connections()
    return Registry.objects.filter(pk=uuid.UUID(registry_id)).first()
