"""Trying a tree: connection → login → writing → what else is in its Redis, and how that is set.

What is reported as permitted was done: a key below the root, outside of all that Traefik decodes,
is written and removed again.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from urllib.parse import urlsplit

from console import redis
from console.redis import AuthenticationError, Client, RedisError
from gateways.drivers.base import Finding, gettext_noop

from .settings import Settings, with_password
from .tree import quiet, tells
from .walk import Walk, escaped, text

# As a change does it.
_TRY = """
redis.call('HSET', KEYS[1], 'at', 'portolan')
redis.call('PEXPIRE', KEYS[1], ARGV[1])
redis.call('UNLINK', KEYS[1])
"""
_LIVES = 5000  # milliseconds; a check that is killed leaves nothing behind


def check_tree(settings: Settings, secret: str) -> list[Finding]:
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
    yield _alone(client, settings.root_key)
    yield from _poison(client, settings.root_key)
    yield _events(client)
    yield from _keeping(client)


def _alone(client: Client, root: str) -> Finding:
    """Roots that begin alike: the one's Traefik hears of the other's changes and reads its keys."""
    others = sorted(
        {
            name.partition("/")[0]
            for name in (
                key.decode(errors="replace")
                for key in client.scan_iter(match=f"{escaped(root)}*", count=1000)
            )
            if not name.startswith(f"{root}/")
        }
    )
    if not others:
        return Finding("root", True, gettext_noop("No other root begins alike."))
    return Finding(
        "root",
        False,
        gettext_noop("“%(other)s” begins like “%(root)s”: Traefik would read both each time."),
        gettext_noop("Take a root key that no other one begins with, or another database."),
        setting="root_key",
        params={"root": root, "other": others[0][:100]},
    )


def _poison(client: Client, root: str) -> Iterator[Finding]:
    """Keys of others below the root that stop all that Traefik is given."""
    walk = Walk(client, root)
    try:
        walk.all()
    except RedisError:
        return  # it may not read them; the driver will say so
    for name, why in sorted(walk.poison.items())[:1]:
        yield Finding(
            "foreign",
            False,
            gettext_noop("Traefik cannot decode “%(key)s”, which is not ours: it takes nothing."),
            gettext_noop("Remove it (redis-cli UNLINK), or take another root key."),
            detail=why,
            setting="root_key",
            params={"key": f"{root}/{name}"[:200]},
        )


def _keeping(client: Client) -> Iterator[Finding]:
    """Whether it takes keys away when its memory is full; nothing if it does not tell."""
    try:
        found = client.config_get("maxmemory-policy")
    except RedisError:
        return
    policy = "".join(text(one) for one in found.values())
    if policy in ("", "noeviction"):
        return
    yield Finding(
        "memory",
        False,
        gettext_noop("Redis may take keys away when its memory is full (%(policy)s)."),
        gettext_noop("Set it: redis-cli CONFIG SET maxmemory-policy noeviction"),
        setting="redis_url",
        params={"policy": policy[:50]},
    )


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
        client.eval(_TRY, 1, key, _LIVES)
    except RedisError as error:
        return Finding(
            "writing",
            False,
            gettext_noop("Keys below “%(root)s” cannot be written."),
            gettext_noop(
                "Let the user of the secret read and write them: ACL SETUSER … ~%(root)s/*"
                " +@read +@write +@connection +@scripting"
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
            gettext_noop("Redis does not tell whether it sends keyspace events; Traefik needs Kh."),
        )
    held = "".join(text(one) for one in flags.values())
    if quiet(held):
        return Finding("events", True, gettext_noop("It tells Traefik of every change, once."))
    if tells(held):
        return Finding(
            "events",
            True,
            gettext_noop("It tells Traefik of every change; more often than needed."),
            gettext_noop("redis-cli CONFIG SET notify-keyspace-events Kh"),
        )
    return Finding(
        "events",
        False,
        gettext_noop("Redis sends no keyspace events: Traefik would read its tree only once."),
        gettext_noop("redis-cli CONFIG SET notify-keyspace-events Kh"),
        setting="redis_url",
    )
