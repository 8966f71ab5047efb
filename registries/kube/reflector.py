"""The list/watch loop: one thread that keeps a sink true to what an API server says.

What it promises
    After a while without failures the sink holds exactly what the API server holds. Per object,
    states arrive in order; states in between may be skipped; there is no order between objects.
    `Sink.replace` is called only with a list that was read to its end; a list that fails, at any
    page and in any way, changes nothing. Nothing is ever removed because something could not be
    read.

How
    `run` repeats `step`, and is too simple to be wrong. A step lists if there is no version to
    watch from, then follows one watch to its end. The version to go on from comes from the list,
    from events of a watch that began at a version, and from bookmarks; it is opaque and never
    compared. A watch that ends, is cut or goes silent is opened again from the last version,
    without a list. Only a version that the server no longer has (410, as an HTTP status or as an
    ERROR event) or cannot have yet (too large) leads to a new list; and a second silence in a row,
    for a server that was set back to an older state is silent about versions it has not reached.

    Clock, stop and the client are passed in; waiting is `stop.wait`.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from . import errors
from .backoff import Backoff
from .client import Client, Stream
from .errors import Cut, Denied, Doubtful, Expired, KubeError, Silent, TooLarge
from .failures import error_from_status
from .framing import lines
from .sink import Sink
from .slices import Endpoints, EndpointSlice, Resource, decode

log = logging.getLogger(__name__)

PAGE = 500  # objects of one page; what client-go uses
MAX_PAGES = 2_000
# The server ends a watch after a random time in this range (seconds): that spreads the load, and
# bounds how long a withdrawn token can go on reading.
WATCH_FOR = (240, 300)
# Bookmarks come about every minute; a connection that is silent for longer is not trusted. Shorter
# than WATCH_FOR, so that it is the client who notices.
SILENCE = 75.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long a reflector waits for what, in seconds, and how often it asks."""

    watch_for: tuple[int, int] = WATCH_FOR
    silence: float = SILENCE
    short_watch: float = 1.0  # a watch that ends sooner without a word counts as a failure
    confirm_after: float = 5.0  # between a doubtful list and the one that confirms it
    soon: float = 60.0  # within which a second 410 is no coincidence
    denials: int = 3  # in a row, after which another resource is tried


class _ListMeta(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    continue_: str = msgspec.field(default="", name="continue")


class _List(msgspec.Struct):
    metadata: _ListMeta
    kind: str = ""
    items: list[msgspec.Raw] | None = None


class _Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


_list_decoder = msgspec.json.Decoder(_List)
_event_decoder = msgspec.json.Decoder(_Event)


class Reflector:
    """Follows one resource in one scope: a namespace, or all of them if empty.

    `resources` are tried in order: the next one when the server denies the one before.
    """

    def __init__(
        self,
        client: Client,
        *,
        scope: str,
        resources: tuple[Resource, ...],
        sink: Sink,
        stop: threading.Event,
        label_selector: str = "",
        page: int = PAGE,
        timing: Timing = Timing(),
        clock: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = random.random,
    ) -> None:
        self._client = client
        self._scope = scope
        self._resources = resources
        self._sink = sink
        self._stop = stop
        self._selector = {"labelSelector": label_selector} if label_selector else {}
        self._page = page
        self._timing = timing
        self._clock = clock
        self._random = random
        self._backoff = Backoff(clock=clock, random=random)
        self._stream: Stream | None = None
        self._expired_at = -timing.soon
        self._doubted = self._worked = False
        self._denials = self._silences = 0
        self.preferred = self.resource = resources[0]
        self.version: str | None = None

    def run(self) -> None:
        """Repeat `step` until stopped."""
        while not self._stop.is_set():
            try:
                pause = self.step()
            except Exception:  # the outermost loop: what nobody thought of must not end it silently
                log.exception("watching %s failed unexpectedly", self._scope or "all namespaces")
                self._report(KubeError("internal", "Reading failed; this worker's log says why."))
                pause = self._backoff.failed()
            self._stop.wait(pause)

    def step(self) -> float:
        """List if need be, then watch once; return the seconds to wait before the next step."""
        began = self._clock()
        events = 0
        try:
            if self.version is None:
                self._list()
            events = self._watch(self.version or "")
        except Expired:
            return self._list_again()
        except TooLarge as error:
            self.version = None
            self._report(error)
            return self._backoff.failed(at_least=error.retry_after)
        except Doubtful as error:
            self._report(error)
            return self._timing.confirm_after
        except Silent:
            self._silences += 1
            if self._silences > 1:
                self.version = None
            return 0.0
        except Cut as error:
            # Servers restart and ways break: no more than a reason to watch again, unless it was
            # over before it began.
            if self._clock() - began >= self._timing.short_watch:
                return 0.0
            self._report(error)
            return self._backoff.failed()
        except KubeError as error:
            self._report(error)
            return self._backoff.failed(at_least=error.retry_after)
        if not events and self._clock() - began < self._timing.short_watch:
            return self._backoff.failed()
        self._backoff.recovered()
        return 0.0

    def close(self) -> None:
        """End the open watch at once; called by another thread after `stop` was set."""
        stream = self._stream
        if stream is not None:
            stream.close()

    def _list_again(self) -> float:
        """Forget the version. Once is ordinary; a server that always says so is not pressed."""
        self.version = None
        soon = self._clock() - self._expired_at < self._timing.soon
        self._expired_at = self._clock()
        return self._backoff.failed() if soon else 0.0

    def _report(self, error: KubeError) -> None:
        if not self._stop.is_set():  # closing our own socket is no failure
            self._sink.failed(self._scope, error)

    def _list(self) -> None:
        """Read all pages, then hand them over together."""
        denied: Denied | None = None
        for resource in self._candidates():
            try:
                things, version = self._pages(resource)
            except Denied as error:
                denied = denied or error
                continue
            self.resource, self._worked, self._denials = resource, True, 0
            if not self._doubted and self._sink.doubts(self._scope, things):
                self._doubted = True
                raise Doubtful(
                    "mass_deletion",
                    "The cluster suddenly lists less than half of its endpoints; asking again"
                    " before any is removed.",
                )
            self._doubted = False
            self._sink.replace(self._scope, things)
            self._sink.alive(self._scope, listed=True)
            self.version = version
            return
        if denied:
            self._denials += 1
            raise denied

    def _candidates(self) -> tuple[Resource, ...]:
        """A resource that has worked is not given up for a denial or two: an API server denies
        everything for a moment after its start."""
        if self._worked and self._denials < self._timing.denials:
            return (self.resource,)
        return self._resources

    def _pages(self, resource: Resource) -> tuple[list[EndpointSlice | Endpoints], str]:
        things: list[EndpointSlice | Endpoints] = []
        params = {"limit": str(self._page), **self._selector}
        for _ in range(MAX_PAGES):
            if self._stop.is_set():
                raise errors.Cut("cut", "Stopped while listing.")
            body = self._client.get(resource.path(self._scope), params)
            try:
                page = _list_decoder.decode(body)
                things += [decode(resource, item) for item in page.items or ()]
            except msgspec.DecodeError as error:
                raise errors.bad_answer("a list that cannot be read") from error
            if page.kind != f"{resource.kind}List" or not page.metadata.resource_version:
                raise errors.bad_answer(f"a {page.kind or 'nameless thing'} instead of a list")
            if not page.metadata.continue_:
                return things, page.metadata.resource_version
            params["continue"] = page.metadata.continue_
        raise errors.bad_answer(f"a list of more than {MAX_PAGES} pages")

    def _watch(self, version: str) -> int:
        """Follow one watch to its clean end; return how many events it had."""
        low, high = self._timing.watch_for
        stream = self._client.watch(
            self.resource.path(self._scope),
            {
                "watch": "true",
                "resourceVersion": version,
                "allowWatchBookmarks": "true",
                "timeoutSeconds": str(int(low + (high - low) * self._random())),
                **self._selector,
            },
            silence=self._timing.silence,
        )
        self._stream = stream
        if self._stop.is_set():
            stream.close()  # `close` came before there was anything to close
        events = 0
        try:
            self._sink.alive(self._scope, watching=True)
            if self._stop.is_set():
                return events  # `close` came before there was anything to close
            for line in lines(stream):
                if self._stop.is_set():
                    break
                self._silences = 0
                if line:
                    self._take(line)
                    events += 1
        finally:
            self._stream = None
            stream.release()
        return events

    def _take(self, line: bytes) -> None:
        """Apply one event. Its version counts only once it has been applied."""
        try:
            event = _event_decoder.decode(line)
            if event.type == "ERROR":
                raise error_from_status(bytes(event.object))
            thing = decode(self.resource, event.object)
        except msgspec.DecodeError as error:
            raise errors.bad_answer("an event that cannot be read") from error
        if event.type in ("ADDED", "MODIFIED"):
            self._sink.put(thing)
        elif event.type == "DELETED":
            self._sink.drop(thing)
        elif event.type != "BOOKMARK":
            raise errors.bad_answer(f"an event of type {event.type[:20]!r}")
        else:
            self._sink.alive(self._scope)
        self.version = thing.metadata.resource_version or self.version
