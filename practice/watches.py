"""Watches: one stream of changes from a version on.

Promises, as the real server's:
* each change after the starting version is sent once, in order; a start at "" or "0" sends the
  present first;
* an object that begins or ceases to match the selectors is ADDED or DELETED;
* a bookmark never overtakes a change, and says a newer version than the watch began at; one comes
  shortly before the end;
* a start that left the window is answered with 200 and one ERROR line; so are initial events of a
  version that does not come within some seconds.

Lines go to a `Wire`, which faults may cut, slow or silence.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from practice.list_options import check_options, parse_version, truth
from practice.lists import Filter, make_filter, reach
from practice.schema import Json, Resource
from practice.status import ApiError, bad_request, expired
from practice.store import Entry, Event, Store, Table, encode, event_line

QUEUE_LIMIT = 100_000
INITIAL_EVENTS_END = '"annotations":{"k8s.io/initial-events-end":"true"}'


class Wire(Protocol):
    async def write(self, data: bytes) -> None: ...


@dataclass(slots=True)
class WatchSettings:
    """Times in seconds; `longest` is the range the server picks from when none was asked for.

    `initial_events`: the server knows the parameter; `watch_list`: and its gate is open.
    """

    bookmark_every: float = 60.0
    longest: tuple[float, float] = (1800.0, 3600.0)
    bookmarks: bool = True
    initial_events: bool = True
    watch_list: bool = True


Shape = Callable[[str, Entry], bytes]


class Watch:
    """One watcher: collects the store's changes and turns them into lines."""

    def __init__(
        self,
        store: Store,
        resource: Resource,
        namespace: str,
        params: Mapping[str, str],
        *,
        settings: WatchSettings,
        shape: Shape | None = None,
    ) -> None:
        self.store = store
        self.resource = resource
        self.table: Table = store.tables[resource]
        self.namespace = namespace
        self.settings = settings
        self.shape = shape
        self.events: deque[Event] = deque()
        self.wake = asyncio.Event()
        self.overrun = False
        self.stopped = False
        check_options(
            params, watch=True, known=settings.initial_events, watch_list=settings.watch_list
        )
        self.filter: Filter = make_filter(resource, params)
        self.initial: bool | None = None
        if settings.watch_list and "sendInitialEvents" in params:
            self.initial = truth(params["sendInitialEvents"])
        self.bookmarks = settings.bookmarks and truth(params.get("allowWatchBookmarks"))
        try:
            self.start = parse_version(params.get("resourceVersion", ""))
        except ValueError as error:
            raise ApiError(500, "", str(error)) from None
        self.timeout = self._timeout(params)
        self.refusal: ApiError | None = None
        self.seen = self.began = self.start

    def _timeout(self, params: Mapping[str, str]) -> float:
        text = params.get("timeoutSeconds") or "0"
        try:
            seconds = float(int(text))
        except ValueError:
            why = f'strconv.ParseInt: parsing "{text}": invalid syntax'
            raise bad_request(why) from None
        # Spread, so that the watches of many clients do not all end at once.
        return seconds or random.uniform(*self.settings.longest)  # noqa: S311

    def push(self, event: Event) -> None:
        if len(self.events) >= QUEUE_LIMIT:
            self.overrun = True
        else:
            self.events.append(event)
        self.wake.set()

    def stop(self) -> None:
        self.stopped = True
        self.wake.set()

    async def prepare(self) -> None:
        """Wait, before there are even headers, for the version that initial events must have."""
        if self.initial:
            try:
                await reach(self.store, self.start)
            except ApiError as error:
                self.refusal = error

    async def run(self, wire: Wire) -> None:
        """Stream until the time is over; returning means a clean end."""
        deadline = time.monotonic() + self.timeout
        self.table.watchers.add(self)
        try:
            try:
                first = self._first()
            except ApiError as error:
                await wire.write(error_line(error.body()))
                return
            if first:
                await wire.write(first)
            await self._follow(wire, deadline)
        finally:
            self.table.watchers.discard(self)

    def _first(self) -> bytes:
        """What the start calls for: the present, or the changes since if they are still known."""
        if self.refusal is not None:
            raise self.refusal
        synthetic = self.initial if self.initial is not None else self.start == 0
        if not synthetic and self.start:
            if self.start < self.table.floor:
                raise expired(f"too old resource version: {self.start} ({self.table.floor})")
            self.events.extend(self.table.since(self.start))
            self.began = max(self.start, self.events[-1].rv if self.events else 0)
            return b""
        self.seen = self.began = self.store.rv
        if not synthetic:
            return b""
        lines = [
            self._line("ADDED", entry)
            for entry in self.table.walk(prefix=f"{self.namespace}/" if self.namespace else "")
            if self.filter.matches(entry)
        ]
        # A server with watch lists treats a start at "" or "0" as one, end bookmark included.
        if self.settings.watch_list and self.bookmarks:
            lines.append(self._bookmark(INITIAL_EVENTS_END))
        return b"".join(lines)

    async def _follow(self, wire: Wire, deadline: float) -> None:
        last = deadline - min(2.0, self.timeout / 4)
        bookmark = min(last, time.monotonic() + self.settings.bookmark_every)
        while not self.stopped and not self.overrun:
            lines = self._drain()
            now = time.monotonic()
            if now >= bookmark:
                newest = max(self.began, self.seen)  # later than the store, if that was set back
                if self.bookmarks and self.settings.bookmarks and self.store.rv >= newest:
                    if self.store.rv == self.began:
                        self.store.pass_time()
                    self.seen = self.store.rv
                    lines += self._bookmark()
                bookmark = now + self.settings.bookmark_every
                if now < last < bookmark:
                    bookmark = last
            if lines:
                await wire.write(lines)
            if now >= deadline:
                return
            if not self.events:
                await self._sleep(min(deadline, bookmark) - now)

    async def _sleep(self, seconds: float) -> None:
        self.wake.clear()
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self.wake.wait()
        except TimeoutError:
            return

    def _drain(self) -> bytes:
        lines: list[bytes] = []
        while self.events:
            event = self.events.popleft()
            if event.rv <= self.seen:
                continue
            self.seen = event.rv
            type_ = self._type(event)
            if type_ and self.shape is None:
                lines.append(event.line(type_))
            elif type_:
                lines.append(self._line(type_, event.entry(type_)))
        return b"".join(lines)

    def _type(self, event: Event) -> str:
        """The event's type as this watch sees it; "" if it does not."""
        was = event.before is not None and self._sees(event.before)
        is_ = event.after is not None and self._sees(event.after)
        if was:
            return "MODIFIED" if is_ else "DELETED"
        return "ADDED" if is_ else ""

    def _sees(self, entry: Entry) -> bool:
        if self.namespace and entry.namespace != self.namespace:
            return False
        return self.filter.whole or self.filter.matches(entry)

    def _line(self, type_: str, entry: Entry) -> bytes:
        if self.shape is not None:
            return self.shape(type_, entry)
        return event_line(type_, self.table.head, entry.raw)

    def _bookmark(self, annotations: str = "") -> bytes:
        more = f",{annotations}" if annotations else ""
        metadata = f'"metadata":{{"resourceVersion":"{self.store.rv}"{more}}}'
        fields = f",{self.resource.empty}" if self.resource.empty else ""
        return event_line("BOOKMARK", self.table.head, f"{{{metadata}{fields}}}".encode())


def error_line(status: Json) -> bytes:
    return b'{"type":"ERROR","object":%s}\n' % encode(status)
