"""The one door to Redis: every client of the house is built here.

Three purposes, three databases, so that none can hurt another: ``store`` (feeds, leases, status),
``broker`` (Celery's own, never touched by us) and a gateway's own tree. Works with Redis 6.2 or
newer and with Valkey.

A client never repeats a command by itself: a write whose answer was lost may have happened, and
only its caller knows how to find out (`console.feed.writer`).
"""

from __future__ import annotations

import socket
from typing import Any, TypeAlias

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

# What every caller must be ready for: the server is away, loading, read-only or out of memory.
RedisError = redis.exceptions.RedisError
AuthenticationError = redis.exceptions.AuthenticationError  # a wrong password, or none
# redis-py types every answer as bytes or text of either protocol version; ours are always bytes.
Client: TypeAlias = Any

# redis-py stops at 100, and a loop that waits for a feed keeps a connection: a worker has hundreds.
_CONNECTIONS = 10_000
_TIMEOUT = 5.0  # seconds for one answer; blocking reads stay well below it


def connect(url: str) -> Client:
    """Build a client for `url`; nothing is sent before its first command."""
    keepalive: dict[int, int] = {
        getattr(socket, name): value
        for name, value in (("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3))
        if hasattr(socket, name)  # macOS has no TCP_KEEPIDLE
    }
    client: Client = redis.Redis.from_url(
        url,
        max_connections=_CONNECTIONS,
        socket_timeout=_TIMEOUT,
        socket_connect_timeout=_TIMEOUT,
        **({} if url.startswith("unix:") else {"socket_keepalive_options": keepalive}),
        health_check_interval=15,
        retry=Retry(NoBackoff(), 0),
    )
    return client


def connect_async(url: str) -> Client:
    """As `connect`, for an event loop: one connection, used by one task at a time."""
    return redis.asyncio.Redis.from_url(
        url,
        socket_timeout=_TIMEOUT,
        socket_connect_timeout=_TIMEOUT,
        health_check_interval=15,
        retry=AsyncRetry(NoBackoff(), 0),
    )


_store: Client | None = None


def configure(url: str) -> None:
    """Say which server the store is; the process's settings do once."""
    global _store
    _store = connect(url)


def store() -> Client:
    """The client for feeds, leases and status; shared, as its connection pool is thread-safe."""
    if _store is None:
        raise RuntimeError("console.redis.configure has not been called")
    return _store
