"""A page's stream, spoken to as a server speaks to an ASGI application."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from console.live.stream import Streams


class Page:
    """An open page: what it was sent. `events` are (event, topics)."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.events: list[tuple[str, list[str]]] = []
        self.ended = False
        self.left = asyncio.Event()
        self._text = ""

    async def receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            return
        self.ended = not message["more_body"]
        self._text += message["body"].decode()
        while "\n\n" in self._text:
            block, self._text = self._text.split("\n\n", 1)
            lines = [line.partition(": ") for line in block.split("\n")]
            name = next((value for key, _, value in lines if key == "event"), "")
            topics = [value for key, _, value in lines if key == "data" and value]
            if name:
                self.events.append((name, topics))

    @property
    def changed(self) -> set[str]:
        return {one for name, topics in self.events if name == "changed" for one in topics}

    async def until(self, true: Callable[[], bool], *, within: float = 20.0) -> float:
        """Wait; the seconds it took."""
        began = time.monotonic()
        while not true():
            assert time.monotonic() - began < within, (self.status, self.events)
            await asyncio.sleep(0.01)
        return time.monotonic() - began

    async def ready(self) -> None:
        await self.until(lambda: ("ready", []) in self.events)


Opened = Callable[..., Any]


def scope(*topics: str, cookie: str = "", method: str = "GET") -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "path": "/live/",
        "query_string": urlencode([("t", topic) for topic in topics]).encode(),
        "headers": [(b"host", b"localhost"), (b"cookie", cookie.encode())],
        "server": ("localhost", 80),
    }


@asynccontextmanager
async def opened(streams: Streams, *topics: str, **options: str) -> AsyncIterator[Page]:
    """A page that has opened its stream; it is left at the end."""
    page = Page()
    asking = asyncio.ensure_future(streams(scope(*topics, **options), page.receive, page.send))
    try:
        yield page
    finally:
        page.left.set()
        await asyncio.wait_for(asking, 20)


def cookie_of(user: User) -> str:
    from django.test import Client

    client = Client()
    client.force_login(user)
    return f"sessionid={client.cookies['sessionid'].value}"


@pytest.fixture
def session(transactional_db: None, ada: User) -> str:
    """The cookie of the administrator's session."""
    return cookie_of(ada)


@pytest.fixture
def bo_session(transactional_db: None, bo: User) -> str:
    """The cookie of the operator's session."""
    return cookie_of(bo)
