"""A way to a server, with everything that can be wrong with a way.

    with relay_to(settings.REDIS_URL) as (relay, url):
        relay.be(Trouble(latency=2.0))
        relay.clear()

Troubles may come and go while connections are open. Bytes are passed on as they are, so TLS goes
through it. What a trouble has done to a connection stays done: one that has lost bytes stays silent
until it is cut, for no network gives back what it swallowed.

One thread with an event loop; the methods return when what they ask for is in force.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

End = Literal["rst", "fin", "hole"]
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, for no time at all
_CHUNK = 64 * 1024
_STEP = 0.05  # seconds between two drops of a trickle


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What is wrong with a way. Seconds and bytes; nothing is wrong by default."""

    refuse: bool = False  # nobody listens any more, and who was in is reset
    end: End | None = None  # every connection, old or new, is ended at once; hole: swallowed
    latency: float = 0.0  # how long everything is under way, in either direction
    rate: int = 0  # bytes a second of answers
    cut_at: int | None = None  # of each connection's answers from now on, then it ends by `how`
    how: End = "rst"
    linger: float = 0.0  # how much later an end is passed on


FINE = Trouble()


class Relay:
    """Forwards connections to `target`, which may be changed for the connections to come."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.trouble = FINE
        self.accepted = 0  # connections
        self.struck = 0  # how often a trouble ended, swallowed or delayed something
        self._swallow = False
        self._pairs: set[_Pair] = set()
        # Holds the port while nobody listens on it.
        self._place = _socket()
        self._place.bind(("127.0.0.1", 0))
        self.port: int = self._place.getsockname()[1]
        self._listener: socket.socket | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay", daemon=True)
        self._thread.start()
        self.be(FINE)

    def be(self, trouble: Trouble) -> None:
        """Have this trouble from now on, instead of the one before."""
        self._call(self._be(trouble))

    def clear(self) -> None:
        self.be(FINE)

    def cut(self, how: End = "rst") -> None:
        """End all connections; new ones are welcome."""
        self._call(self._end(how))

    def lead_to(self, target: tuple[str, int]) -> None:
        """Lead all connections to another server: the present ones are cut."""
        self.target = target
        self.cut()

    def swallow(self) -> None:
        """Drop the next reply, which the server has made already, and its connection with it."""
        self._swallow = True

    @property
    def armed(self) -> bool:
        """Whether the reply to swallow has not come yet."""
        return self._swallow

    @property
    def connections(self) -> int:
        return len(self._pairs)

    def refuse(self) -> None:
        self.be(Trouble(refuse=True))

    def admit(self) -> None:
        self.clear()

    def close(self) -> None:
        self.be(Trouble(refuse=True))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()
        self._place.close()

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _be(self, trouble: Trouble) -> None:
        self.trouble = trouble
        if trouble.refuse and self._listener is not None:
            self._loop.remove_reader(self._listener)
            self._listener.close()
            self._listener = None
        if not trouble.refuse and self._listener is None:
            self._listener = _socket()
            self._listener.bind(("127.0.0.1", self.port))
            self._listener.listen(512)
            self._loop.add_reader(self._listener, self._accept, self._listener)
        for pair in self._pairs:
            pair.answered = 0
        how: End | None = "rst" if trouble.refuse else trouble.end
        if how is not None:
            await self._end(how)

    async def _end(self, how: End) -> None:
        pairs = list(self._pairs)
        self.struck += len(pairs)
        for pair in pairs:
            pair.end(how)
        if pairs and how != "hole":
            await asyncio.wait([pair.task for pair in pairs])

    def _accept(self, listener: socket.socket) -> None:
        """Taken in one step, so that none is lost that comes as the door is shut."""
        try:
            client, _ = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        self.accepted += 1
        self._pairs.add(_Pair(self, client))


class _Pair:
    """One client's connection and its continuation."""

    def __init__(self, relay: Relay, client: socket.socket) -> None:
        self._relay = relay
        self._client = client
        self._server = _socket()
        self._how: End = "fin"
        self._lost = False
        self.answered = 0
        self.task = asyncio.create_task(self._run())
        self.task.add_done_callback(self._close)

    def end(self, how: End) -> None:
        if how == "hole":
            self._lost = True
        else:
            self._how = how
            self.task.cancel()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        self._client.setblocking(False)
        if (how := self._relay.trouble.end) is not None:
            self._relay.struck += 1
            self._how, self._lost = how, how == "hole"
        try:
            if self._lost:
                while await loop.sock_recv(self._client, _CHUNK):
                    pass
            elif how is None:
                await self._connect()
                async with asyncio.TaskGroup() as group:
                    ends = (self._client, self._server)
                    for source, drain in (ends, ends[::-1]):
                        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(64)
                        group.create_task(self._read(source, queue))
                        group.create_task(self._write(queue, drain))
        except (asyncio.CancelledError, OSError, BaseExceptionGroup):
            return

    def _close(self, _: object) -> None:
        for one in (self._client, self._server):
            _close(one, reset=self._how == "rst")
        self._relay._pairs.discard(self)

    async def _connect(self) -> None:
        try:
            await asyncio.get_running_loop().sock_connect(self._server, self._relay.target)
        except OSError:
            self._how = "rst"
            raise

    async def _read(self, source: socket.socket, queue: asyncio.Queue[tuple[float, bytes]]) -> None:
        loop = asyncio.get_running_loop()
        data = b"-"
        while data:
            try:
                data = await loop.sock_recv(source, _CHUNK)
            except ConnectionResetError:
                self._how = "rst"
                if linger := self._relay.trouble.linger:
                    self._relay.struck += 1
                    await asyncio.sleep(linger)
                raise
            if self._lost and source is self._client and not data:
                raise ConnectionError  # it has given up
            trouble = self._relay.trouble
            late = trouble.latency if data else max(trouble.latency, trouble.linger)
            self._relay.struck += late > 0
            await queue.put((loop.time() + late, data))

    async def _write(self, queue: asyncio.Queue[tuple[float, bytes]], drain: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, data = await queue.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if self._lost:
                self._relay.struck += 1
            elif not data:
                drain.shutdown(socket.SHUT_WR)
                return
            elif drain is self._client:
                await self._answer(data)
            else:
                await loop.sock_sendall(drain, data)

    async def _answer(self, data: bytes) -> None:
        relay, loop = self._relay, asyncio.get_running_loop()
        if relay._swallow:
            relay._swallow = False
            raise ConnectionError
        while data:
            trouble = relay.trouble
            size = max(1, int(trouble.rate * _STEP)) if trouble.rate else len(data)
            if trouble.cut_at is not None:
                size = min(size, trouble.cut_at - self.answered)
            part, data = data[:size], data[size:]
            self.answered += len(part)
            await loop.sock_sendall(self._client, part)
            if trouble.cut_at is not None and self.answered >= trouble.cut_at:
                relay.struck += 1
                await asyncio.sleep(_STEP)  # a reset discards what is still on its way
                self._how, self._lost = trouble.how, trouble.how == "hole"
                if self._lost:
                    return
                raise ConnectionError
            if trouble.rate:
                relay.struck += 1
                await asyncio.sleep(_STEP)


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.setblocking(False)
    return made


def _close(one: socket.socket, *, reset: bool) -> None:
    with contextlib.suppress(OSError):
        if reset:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        else:
            one.shutdown(socket.SHUT_WR)
            while one.recv(_CHUNK):  # what nobody has read would make it a reset
                pass
    one.close()


@contextmanager
def relay_to(url: str) -> Iterator[tuple[Relay, str]]:
    """A relay to the server of a URL, and the URL that leads through it."""
    parts = urlsplit(url)
    relay = Relay((parts.hostname or "", parts.port or 6379))
    login, at, _ = parts.netloc.rpartition("@")
    try:
        yield relay, urlunsplit(parts._replace(netloc=f"{login}{at}127.0.0.1:{relay.port}"))
    finally:
        relay.close()
