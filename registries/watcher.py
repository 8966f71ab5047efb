"""Watching one registry, from its row to its feed, for as long as this worker owns it.

Threads: one reflector a scope reads; the task's own thread publishes, writes the status and looks
out for the end: shutdown, a lost lease, or another revision of the row. With a new revision it
starts over with the new settings; what is published stays and is judged by the next list.

The task's own thread is the watchdog too. A reader that does not get on by its own deadline has its
socket closed; one that still does not, or that is gone, is left behind, and a shift with new
threads begins. Its sink is nobody's by then, so it cannot do harm if it ever wakes.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field

import msgspec
from django.conf import settings

from console import redis
from console.board import Speaker
from console.contract import keys
from console.feed import FeedWriter
from console.ownership import Ownership
from console.redis import RedisError
from registries import health, publisher, source
from registries.chronicle import Chronicler
from registries.endpoints import EndpointStore
from registries.health import Phase, Status
from registries.history import Historian
from registries.intake import Intake
from registries.kube.client import Client
from registries.kube.identity import Identity
from registries.kube.reflector import Reflector, Timing
from registries.kube.selectors import namespace_filter
from registries.kube.slices import ENDPOINT_SLICES, ENDPOINTS, Resource
from registries.models import Registry
from registries.publisher import Publisher
from registries.resync import Resync
from registries.rows import ROWS, Row
from registries.source import Source

log = logging.getLogger(__name__)

_WAIT = 0.5  # seconds; the longest time until a lost lease or a shutdown is noticed
_RETRY = 1.0  # seconds to wait when Redis is away
_SAY = 0.1  # seconds between two looks at the status while its phase is the same
_LEAVE = 5.0  # seconds for the reading threads to end
_NAMED = 10  # services that were cut off
_STUCK = 15.0  # seconds that a reader has to get on after its socket was closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a watcher does what, in seconds."""

    look: float = 20.0  # at a token file's end
    verify: float = 5.0  # whether the feed holds what was committed
    tell: float = 5.0  # an unchanged status
    streamed: bool = True  # ask for the first state as events of a watch
    reading: Timing = field(default_factory=Timing)


RESOURCES: dict[str, tuple[Resource, ...]] = {
    "auto": (ENDPOINT_SLICES, ENDPOINTS),
    ENDPOINT_SLICES.plural: (ENDPOINT_SLICES,),
    ENDPOINTS.plural: (ENDPOINTS,),
}


def watch(registry_id: str, ownership: Ownership, *, pace: Pace | None = None) -> None:
    """Watch until the ownership ends or the registry is disabled or deleted."""
    with ROWS.following(registry_id) as row:
        while ownership.going:
            if not row.wait(_WAIT) and not row.known:
                continue
            registry = row.take()
            if registry is None:
                publisher.erase(registry_id)
                return
            if not registry.enabled:
                disabled = Status(phase=Phase.DISABLED.value, since=int(time.time() * 1000))
                Historian(registry_id).note(disabled)
                health.board.say(registry_id, disabled)
                return
            _Shift(registry, ownership, row, pace or Pace()).run()


class Reader(threading.Thread):
    """A reflector in its thread."""

    def __init__(self, reflector: Reflector, *, name: str) -> None:
        super().__init__(target=reflector.run, name=name, daemon=True)
        self.reflector = reflector


class _Shift:
    """One run with one revision of the row."""

    def __init__(self, registry: Registry, ownership: Ownership, row: Row, pace: Pace) -> None:
        self._id = str(registry.pk)
        self._pace = pace
        self._ownership = ownership
        self._row = row
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
        self._spec = spec
        self._scopes = scopes
        self._publisher = Publisher(
            self._store,
            FeedWriter(redis.store(), keys.feed(keys.registry(self._id)), epoch=ownership.epoch),
            source=self._source,
            chronicler=Chronicler(self._id),
        )
        self._stop = threading.Event()
        self._client = Client(
            spec,
            allow_loopback=settings.REGISTRIES_ALLOW_LOOPBACK_SERVERS,
            patience=pace.reading.answer_within,
        )
        self._identity = Identity(self._client)
        self._readers: list[Reader] = []
        self._resync = Resync(row, lambda: [reader.reflector for reader in self._readers])
        self._settled = False
        self._said_at, self._said_phase = 0.0, ""
        self._token_expires_at = self._client.token_expires_at()
        self._speaker = Speaker(health.board, self._id, repeat=pace.tell)
        self._historian = Historian(self._id)

    def run(self) -> None:
        if not self._open():
            return
        before = source.decode(self._publisher.source)
        same = before.server == self._spec.server
        before = before if same else Source()
        known = [before.cluster, self._spec.accepted_cluster] if before.cluster else []
        self._identity = Identity(self._client, expected=known)
        for scope in self._scopes:
            reflector = self._reflector(scope, before)
            self._readers.append(Reader(reflector, name=f"watch {self._id}"))
        for reader in self._readers:
            reader.start()
        try:
            self._publish()
        finally:
            self._stop.set()
            for reader in self._readers:
                reader.reflector.close()
            end = time.monotonic() + _LEAVE
            for reader in self._readers:
                reader.join(timeout=max(0.0, end - time.monotonic()))
            self._client.close()

    def _reflector(self, scope: str, before: Source) -> Reflector:
        resources = RESOURCES[self._spec.resource]
        return Reflector(
            self._client,
            scope=scope,
            resources=resources,
            sink=self._intake,
            stop=self._stop,
            identity=self._identity,
            since=before.versions.get(scope, ""),
            denied=before.resource not in ("", resources[0].plural),
            label_selector=self._spec.label_selector,
            timing=self._pace.reading,
            streamed=self._pace.streamed,
        )

    def _source(self) -> str:
        """What the next worker has to know of what is published now."""
        versions = {
            scope: reader.reflector.newest
            for scope, reader in zip(self._scopes, self._readers, strict=False)
            if reader.reflector.newest
        }
        return Source(
            server=self._spec.server,
            cluster=self._identity.seen,
            resource=self._readers[0].reflector.resource.plural,
            versions=versions,
        ).encode()

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
                    if rest := self._publisher.rest:
                        time.sleep(rest)  # even for no time at all it would give up the processor
                    self._ownership.prove()
                    self._publisher.publish()
                if not self._settled and self._store.complete:
                    self._settled = True
                    self._ownership.settled()
                if time.monotonic() - verified > self._pace.verify:
                    self._publisher.verify()
                    verified = time.monotonic()
                self._say()
            except RedisError as error:
                log.warning("registry %s: Redis is away: %s", self._id, error)
                verified = -self._pace.verify  # what it holds now is not what it held
                time.sleep(_RETRY)
            if time.monotonic() - looked > self._pace.look:
                looked = time.monotonic()
                self._token_expires_at = self._client.token_expires_at()
            begin_anew = self._resync.pursue(self._intake.phase)
            if begin_anew or self._row.changed or self._stuck():
                return

    def _stuck(self) -> bool:
        """Look after the readers; True if one of them is beyond help."""
        for reader in self._readers:
            late = reader.reflector.pulse.overdue()
            if late > 0:
                reader.reflector.close()
            if late > _STUCK or not reader.is_alive():
                log.error(
                    "registry %s: a reader is stuck %s", self._id, reader.reflector.pulse.doing
                )
                return True
        return False

    def _say(self) -> None:
        """Write the status if its time has come."""
        now, phase = time.monotonic(), self._intake.phase
        if phase == self._said_phase and now - self._said_at < _SAY:
            return
        self._said_at, self._said_phase = now, phase
        lags, truncated = self._publisher.lags, self._store.truncated()
        status = msgspec.structs.replace(
            self._intake.status(),
            resource=self._readers[0].reflector.resource.plural,
            streamed=self._readers[0].reflector.streamed,
            cluster=self._identity.seen,
            worker=self._ownership.holder,
            services=self._publisher.services,
            endpoints=self._publisher.endpoints,
            seq=self._publisher.seq,
            commits=self._publisher.commits,
            lag_ms=round(lags.last * 1000),
            lag_counts=lags.counts,
            lag_sum=lags.sum,
            refused=self._store.refused(),
            truncated=len(truncated),
            cut_off=tuple(truncated[:_NAMED]),
            resync=self._resync.met.number,
            resync_at=self._resync.met.at,
            resync_different=self._resync.met.different,
            resync_error=self._resync.met.error,
            resync_reason=self._resync.met.reason,
            warnings=self._warnings(truncated),
            token_expires_at=self._token_expires_at,
        )
        self._historian.note(status)
        self._speaker.say(status)

    def _warnings(self, truncated: list[str]) -> tuple[str, ...]:
        """What is odd, though it works, for programs; people read `registries.oddities`."""
        found = [
            f"{number} endpoints are left out: {reason}."
            for reason, number in sorted(self._store.refused().items())
        ]
        if any(one.reflector.resource is not one.reflector.preferred for one in self._readers):
            found.append(
                "EndpointSlices are not permitted, so Endpoints are read: at most 1,000 addresses"
                " a service, and no word of pods that are terminating."
            )
        found += [
            f"{name} has more than 1,000 addresses; the cluster cut the rest off."
            for name in truncated[:_NAMED]
        ]
        return tuple(found)
