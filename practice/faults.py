"""Faults: what shall go wrong, for whom, how often. And the log of requests, so that tests can
count.

A standing fault has a matcher (verb, resource, namespace, page, limit, user) and a count; the first
that matches a request is used up by one. `Wire` is how a fault reaches into a stream: it cuts,
drips, silences or adds a line.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
import struct
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from aiohttp import web

from practice.schema import Json

KINDS = {
    "status",  # answer `code` (with retry_after, reason, message) instead
    "html",  # answer 200 with a page of HTML
    "cut",  # end the connection at byte `at` of the body, by `how` = rst | fin
    "hang",  # keep the connection, send nothing more; `when` = before | after the headers
    "slow",  # wait `delay` seconds first, and send at most `rate` bytes a second
    "garbage",  # add a line that is no JSON to the stream, at once or before byte `at`
    "error-event",  # first line of a watch is an ERROR with `code` and `reason`
    "truncate-list",  # end the JSON of a list in the middle, with a clean end of the body
}


class Cut(Exception):
    """The connection was ended on purpose."""


@dataclass(slots=True, kw_only=True)
class Fault:
    """One standing fault. Empty matchers match everything; `count` 0 means until cleared."""

    kind: str
    verb: str = ""
    resource: str = ""
    namespace: str = ""
    page: int = 0
    limit: str = ""
    user: str = ""
    count: int = 0
    code: int = 500
    reason: str = ""
    message: str = ""
    retry_after: int = 0
    at: int = 0
    how: str = "rst"
    when: str = "after"
    delay: float = 0.0
    rate: float = 0.0
    text: str = "{{{ this is not JSON"
    id: int = 0
    used: int = 0

    def matches(self, seen: Seen) -> bool:
        return (
            self.verb in ("", "*", seen.verb)
            and self.resource in ("", "*", seen.resource)
            and self.namespace in ("", seen.namespace)
            and self.page in (0, seen.page)
            and self.limit in ("", seen.params.get("limit", ""))
            and self.user in ("", seen.user)
        )


@dataclass(slots=True, kw_only=True)
class Seen:
    """One request as the log keeps it; `page` counts from 1 along continue tokens."""

    verb: str
    resource: str
    namespace: str
    name: str
    method: str
    path: str
    params: dict[str, str]
    user: str
    page: int = 1
    code: int = 0
    fault: str = ""
    at: float = field(default_factory=time.time)


class Faults:
    def __init__(self) -> None:
        self.standing: dict[int, Fault] = {}
        self.numbers = itertools.count(1)
        self.log: deque[Seen] = deque(maxlen=100_000)
        self.pages: dict[str, int] = {}
        self.silent: set[Wire] = set()
        self.wires: set[Wire] = set()

    def add(self, **settings: Any) -> Fault:
        fault = Fault(**settings)
        if fault.kind not in KINDS:
            raise ValueError(f"no such fault: {fault.kind!r}; there are {', '.join(sorted(KINDS))}")
        fault.id = next(self.numbers)
        self.standing[fault.id] = fault
        return fault

    def clear(self, number: int = 0) -> None:
        """Remove one fault or all; silenced connections are cut, for nobody can revive them."""
        if number:
            self.standing.pop(number, None)
        else:
            self.standing.clear()
        for wire in tuple(self.silent):
            wire.end("rst")

    def pick(self, seen: Seen) -> Fault | None:
        self.log.append(seen)
        for fault in list(self.standing.values()):
            if fault.matches(seen):
                fault.used += 1
                seen.fault = fault.kind
                if fault.count and fault.used >= fault.count:
                    del self.standing[fault.id]
                return fault
        return None

    def page_of(self, token: str) -> int:
        return self.pages.get(token, 1)

    def next_page(self, token: str, page: int) -> None:
        if len(self.pages) > 10_000:
            self.pages.clear()
        self.pages[token] = page + 1

    def counts(self) -> Json:
        counted = Counter(f"{seen.verb} {seen.resource or seen.path}" for seen in self.log)
        return dict(sorted(counted.items()))

    def requests(self) -> list[Json]:
        return [asdict(seen) for seen in self.log]

    def silence(self) -> int:
        """Let every open stream fall silent without closing it."""
        for wire in self.wires:
            wire.hush()
        return len(self.wires)

    def drop(self, how: str) -> int:
        """End every open stream: `clean`, `fin` or `rst`."""
        wires = tuple(self.wires)
        for wire in wires:
            wire.end(how)
        return len(wires)


class Wire:
    """The sending side of one response, with its fault."""

    def __init__(
        self,
        faults: Faults,
        request: web.BaseRequest,
        response: web.StreamResponse,
        fault: Fault | None,
    ) -> None:
        self.faults = faults
        self.request = request
        self.response = response
        self.fault = fault
        self.sent = 0
        self.ended = False
        self.closing = asyncio.Event()
        self.hushed = asyncio.Event()
        self.on_end: Callable[[], None] = lambda: None

    def __enter__(self) -> Wire:
        self.faults.wires.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        self.faults.wires.discard(self)
        self.faults.silent.discard(self)

    def hush(self) -> None:
        self.hushed.set()
        self.faults.silent.add(self)

    def end(self, how: str) -> None:
        self.ended = True
        if how != "clean":
            sever(self.request, reset=how == "rst")
        self.closing.set()
        self.on_end()

    async def silent(self) -> None:
        """Swallow what comes until the connection is cut."""
        self.hush()
        await self.closing.wait()
        raise Cut

    async def write(self, data: bytes) -> None:
        if self.hushed.is_set():
            await self.silent()
        fault = self.fault
        if fault is None:
            await self.response.write(data)
            return
        if fault.kind == "hang":
            room = fault.at - self.sent
            if room > 0:
                await self._send(data[:room])
            if room <= 0 or room < len(data):
                await self.silent()
        elif fault.kind == "cut":
            room = max(0, fault.at - self.sent)
            await self._send(data[:room])
            if self.sent >= fault.at:
                # Let the kernel hand over what was sent; a reset discards what waits.
                await asyncio.sleep(0.05)
                self.end(fault.how)
                raise Cut
        elif fault.kind == "slow" and fault.rate:
            step = max(1, int(fault.rate / 20))
            for i in range(0, len(data), step):
                await self._send(data[i : i + step])
                await asyncio.sleep(step / fault.rate)
        elif fault.kind == "garbage" and self.sent + len(data) > fault.at:
            self.fault = None
            await self._send(fault.text.encode() + b"\n" + data)
        else:
            await self._send(data)

    async def _send(self, data: bytes) -> None:
        if data:
            self.sent += len(data)
            await self.response.write(data)


def sever(request: web.BaseRequest, *, reset: bool) -> None:
    """End the TCP connection now: with RST, or with FIN and no TLS goodbye."""
    transport = request.transport
    if transport is None:
        return
    sock = transport.get_extra_info("socket")
    if sock is not None and reset:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
