"""The ASGI application of ``/live/``: server-sent events, beside Django.

Not a Django view, because a view's thread, and with it a connection to PostgreSQL, would be held
for as long as its answer streams.
"""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from asgiref.sync import sync_to_async
from django.conf import settings

from console import redis
from console.live import people
from console.live.hub import Hub, Subscription
from console.live.topics import MOST, Topic, parse
from console.redis import Client

PATH = "/live/"
BEAT = 5.0  # seconds of silence after which a page is told that the stream lives
# Seconds after which a stream ends and the page asks anew: who has logged out meanwhile gets none.
LONGEST = 900.0
_PAUSE = 0.1  # seconds in which news for one page is gathered

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # a proxy that gathers would keep news back
    (b"x-content-type-options", b"nosniff"),
]


def _client() -> Client:
    return redis.connect_async(settings.REDIS_URL)


class Streams:
    """One for a process. Streams end when the process is told to, so that it can end at once."""

    def __init__(self, connect: Callable[[], Client] = _client) -> None:
        self.hub = Hub(connect)
        self._listens_for_term = False

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        self._listen_for_term()
        try:
            topics = await self._admitted(scope)
        except people.Refused as refused:
            await _answer(send, refused.status)
            return
        subscription = self.hub.subscribe(topics)
        gone = asyncio.ensure_future(_disconnected(receive))
        telling = asyncio.ensure_future(_tell(subscription, send))
        try:
            await asyncio.wait({gone, telling}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.hub.unsubscribe(subscription)
            gone.cancel()
            telling.cancel()
            await asyncio.gather(gone, telling, return_exceptions=True)

    async def _admitted(self, scope: Any) -> list[Topic]:
        if scope["method"] != "GET":
            raise people.Refused(405)
        fields = parse_qsl(scope["query_string"].decode("ascii", "replace"))
        named = [topic for name, text in fields if name == "t" and (topic := parse(text))][:MOST]
        admit = sync_to_async(people.admit, thread_sensitive=False)
        return await admit(scope, named)

    def _listen_for_term(self) -> None:
        """A server that is told to end waits for its open answers: end the streams first."""
        if self._listens_for_term:
            return
        self._listens_for_term = True
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            before = signal.getsignal(number)

            def handle(received: int, frame: Any, before: Any = before) -> None:
                loop.call_soon_threadsafe(self.hub.close)
                if callable(before):
                    before(received, frame)

            try:
                signal.signal(number, handle)
            except ValueError:  # not in the main thread: its server is ended by other means
                return


async def _tell(subscription: Subscription, send: Send) -> None:
    """Send news until the stream has lived long enough."""
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    # Pages that lose their server together come back one after the other.
    await _event(send, f"retry: {1000 + random.randrange(2000)}\n\n")  # noqa: S311 - no secret
    await subscription.ready.wait()
    await _event(send, "event: ready\ndata:\n\n")
    ends = time.monotonic() + LONGEST
    while not subscription.over and time.monotonic() < ends:
        news = await subscription.next(BEAT)
        lines = "".join(f"data: {topic}\n" for topic in sorted(news))
        await _event(send, f"event: changed\n{lines}\n" if news else "event: beat\ndata:\n\n")
        await asyncio.sleep(_PAUSE)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _event(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _answer(send: Send, status: int) -> None:
    headers = [(b"content-type", b"text/plain"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
