"""Between reflectors and store: turns objects into parts and keeps count of how it goes.

All methods are called by reflector threads; `status` by the publisher's. No method waits for
anything but a lock that is held for a moment.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable

from registries.endpoints import EndpointStore
from registries.health import Phase, Status
from registries.kube import errors
from registries.kube.errors import Denied, KubeError
from registries.kube.parts import Part, to_part
from registries.kube.slices import Endpoints, EndpointSlice

log = logging.getLogger(__name__)

# A list that leaves less than half of at least this many endpoints is read twice.
GUARD_FROM = 10
# Objects of one registry that a worker keeps; ten times what the largest supported cluster has.
# Beyond it the registry fails and keeps what is published, and its neighbours in the worker live.
MOST = 200_000


class Intake:
    """The sink of one registry's reflectors (`registries.kube.sink.Sink`)."""

    def __init__(
        self,
        store: EndpointStore,
        *,
        scopes: tuple[str, ...],
        guarded: bool,
        allow_loopback: bool,
        most: int = MOST,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._guarded = guarded
        self._allow_loopback = allow_loopback
        self._most = most
        self._now = now
        self._lock = threading.Lock()
        self._errors: dict[str, KubeError | None] = dict.fromkeys(scopes)
        self._since = self._millis()
        self._connected: dict[str, bool] = dict.fromkeys(scopes, False)
        self._phase = Phase.CONNECTING
        self._lists = self._watches = self._events = self._bookmarks = self._drift = 0
        self._failures: Counter[str] = Counter()
        self._judged: tuple[list[EndpointSlice | Endpoints], list[Part]] = [], []
        self._connected_at = self._bookmark_at = 0
        self.event_at = 0

    def doubts(self, scope: str, things: list[EndpointSlice | Endpoints]) -> bool:
        if not self._guarded:
            return False
        parts = self._parts(things)
        self._judged = things, parts  # a large list is not read twice
        now, then = self._store.remaining(scope, parts)
        return (now >= GUARD_FROM and then * 2 < now) or (now > 0 and then == 0)

    def replace(self, scope: str, things: list[EndpointSlice | Endpoints]) -> None:
        if len(things) > self._most:
            raise errors.too_much(f"{len(things):,} objects")
        judged, parts = self._judged
        self._judged = [], []
        if judged is not things:
            parts = self._parts(things)
        self._store.replace(scope, parts, at=self._told(0))

    def put(self, thing: EndpointSlice | Endpoints) -> None:
        at = self._told(1)
        part = to_part(thing, allow_loopback=self._allow_loopback)
        if part is None:
            # It may have belonged to a service before its label was taken away.
            self._store.drop(thing.metadata.namespace, thing.metadata.name, at=at)
            return
        if self._store.size >= self._most:
            raise errors.too_much(f"more than {self._most:,} objects")
        self._store.put(part, at=at)

    def drop(self, thing: EndpointSlice | Endpoints) -> None:
        self._store.drop(thing.metadata.namespace, thing.metadata.name, at=self._told(1))

    def differences(self, scope: str, things: list[EndpointSlice | Endpoints]) -> int:
        found = self._store.differences(scope, self._parts(things))
        with self._lock:
            self._drift += found
        if found:
            log.error("%d objects are not what the watch told; the list is right", found)
        return found

    def alive(
        self, scope: str, *, listed: bool = False, watching: bool = False, bookmark: bool = False
    ) -> None:
        with self._lock:
            self._connected_at = self._millis()
            self._lists += listed
            self._watches += watching
            if bookmark:
                self._bookmarks += 1
                self._bookmark_at = self._connected_at
            self._connected[scope] = True
            self._errors[scope] = None
            self._turn()

    def failed(self, scope: str, error: KubeError) -> None:
        if isinstance(error, Denied):
            self._store.deny(scope)
        with self._lock:
            self._failures[error.code] += 1
            self._errors[scope] = error
            self._connected[scope] = False
            self._turn()

    def noticed(self, scope: str, error: KubeError) -> None:
        with self._lock:
            self._failures[error.code] += 1

    def status(self) -> Status:
        """The reading side of the registry's status; the publisher adds its own."""
        with self._lock:
            failed = [(scope, error) for scope, error in self._errors.items() if error]
            first = failed[0] if failed else None
            return Status(
                phase=self._phase.value,
                reason=first[1].code if first else "",
                text=_sentence(*first) if first else "",
                since=self._since,
                connected_at=self._connected_at,
                event_at=self.event_at,
                bookmark_at=self._bookmark_at,
                lists=self._lists,
                watches=self._watches,
                events=self._events,
                bookmarks=self._bookmarks,
                failures=dict(self._failures),
                drift=self._drift,
            )

    @property
    def phase(self) -> str:
        return self._phase.value

    def _told(self, events: int) -> int:
        """Note that the cluster has told something; return when."""
        with self._lock:
            self._events += events
            self.event_at = self._millis()
            return self.event_at

    def _turn(self) -> None:
        if any(self._errors.values()):
            phase = Phase.FAILING
        elif all(self._connected.values()):
            phase = Phase.CONNECTED
        else:
            phase = Phase.CONNECTING
        if phase != self._phase:
            self._phase = phase
            self._since = self._millis()
        self._store.wake()

    def _parts(self, things: list[EndpointSlice | Endpoints]) -> list[Part]:
        found = (to_part(thing, allow_loopback=self._allow_loopback) for thing in things)
        return [part for part in found if part is not None]

    def _millis(self) -> int:
        return int(self._now() * 1000)


def _sentence(scope: str, error: KubeError) -> str:
    return f"Namespace {scope}: {error.text}" if scope else error.text
