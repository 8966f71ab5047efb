"""Trying the tree's Redis, step by step: connection → login → writing → keyspace events.

The first failure ends it, for what follows could only fail by it. What is reported as permitted was
done: a key below the root, outside of all that Traefik decodes, is written and removed again.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from urllib.parse import urlsplit

from console import redis
from console.redis import AuthenticationError, Client, RedisError
from gateways.drivers.base import Finding, gettext_noop

from .driver import Settings, with_password
from .tree import tells

_LIVES = 5000  # milliseconds; a check that is killed leaves nothing behind


def check(settings: Settings, secret: str) -> list[Finding]:
    """Never raises for what a network or a server does."""
    client = redis.connect(with_password(settings.redis_url, secret))
    place = urlsplit(settings.redis_url).netloc.rpartition("@")[2]
    try:
        return list(_steps(client, settings, place))
    finally:
        client.close()


def _steps(client: Client, settings: Settings, place: str) -> Iterator[Finding]:
    refused = _login(client, place)
    if refused is not None:
        yield refused
        return
    yield Finding(
        "connection", True, gettext_noop("Redis at %(place)s answers."), params={"place": place}
    )
    unwritable = _write(client, settings.root_key)
    if unwritable is not None:
        yield unwritable
        return
    yield Finding(
        "writing",
        True,
        gettext_noop("Keys below “%(root)s” can be written."),
        params={"root": settings.root_key},
    )
    yield _events(client)


def _login(client: Client, place: str) -> Finding | None:
    try:
        client.ping()
    except AuthenticationError as error:
        return Finding(
            "login",
            False,
            gettext_noop("Redis at %(place)s refuses the password."),
            gettext_noop("Give the secret as password, or as user:password."),
            detail=str(error),
            setting="secret",
            params={"place": place},
        )
    except RedisError as error:
        return Finding(
            "connection",
            False,
            gettext_noop("Redis at %(place)s does not answer."),
            gettext_noop("Check host and port, and that the workers' network reaches it."),
            detail=str(error),
            setting="redis_url",
            params={"place": place},
        )
    return None


def _write(client: Client, root: str) -> Finding | None:
    key = f"{root}/~check-{secrets.token_hex(4)}"
    try:
        client.set(key, "portolan", px=_LIVES)
        client.unlink(key)
    except RedisError as error:
        return Finding(
            "writing",
            False,
            gettext_noop("Keys below “%(root)s” cannot be written."),
            gettext_noop(
                "Let the user of the secret read and write them: ACL SETUSER … ~%(root)s/*"
                " +@read +@write +@connection +@transaction"
            ),
            detail=str(error),
            setting="secret",
            params={"root": root},
        )
    return None


def _events(client: Client) -> Finding:
    try:
        flags = client.config_get("notify-keyspace-events")
    except RedisError:
        return Finding(
            "events",
            True,
            gettext_noop(
                "Redis does not tell whether it sends keyspace events; Traefik needs Kgxe."
            ),
        )
    held = "".join(one.decode() if isinstance(one, bytes) else str(one) for one in flags.values())
    if tells(held):
        return Finding("events", True, gettext_noop("It tells Traefik of every change."))
    return Finding(
        "events",
        False,
        gettext_noop("Redis sends no keyspace events: Traefik would read its tree only once."),
        gettext_noop("redis-cli CONFIG SET notify-keyspace-events Kgxe"),
        setting="redis_url",
    )
