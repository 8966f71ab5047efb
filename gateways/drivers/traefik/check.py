"""Trying a gateway, step by step. Of a tree: connection → login → writing → keyspace events; of a
file: may it be written; by REST: is that provider on; and Traefik's API, if its address is known.

The first failure ends it, for what follows could only fail by it. What is reported as permitted was
done: a key below the root, outside of all that Traefik decodes, is written and removed again.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

from console import redis
from console.redis import AuthenticationError, Client, RedisError
from gateways.drivers.base import BadSetting, DriverError, Finding, gettext_noop
from gateways.drivers.folders import permitted_file

from .api import Api
from .reader import TraefikReader
from .rest import is_on
from .settings import FILE, HTTP, REDIS, REST, Settings, with_password
from .tree import escaped, quiet, tells

SHORTEST = 16  # signs of the secret that a Traefik shows
# As a change does it.
_TRY = """
redis.call('HSET', KEYS[1], 'at', 'portolan')
redis.call('PEXPIRE', KEYS[1], ARGV[1])
redis.call('UNLINK', KEYS[1])
"""
_LIVES = 5000  # milliseconds; a check that is killed leaves nothing behind


def check(settings: Settings, secret: str) -> list[Finding]:
    """Never raises for what a network or a server does."""
    if settings.provider == REDIS:
        found = _check_tree(settings, secret)
    elif settings.provider == FILE:
        found = [_check_file(settings)]
    elif settings.provider == HTTP:
        found = [_check_secret(secret)]
    else:
        found = []
    if settings.api_url and all(one.ok for one in found):
        found.append(_check_api(settings, secret))
    if settings.provider == REST and all(one.ok for one in found):
        found.append(_check_rest(settings, secret))
    return found


def _check_tree(settings: Settings, secret: str) -> list[Finding]:
    client = redis.connect(with_password(settings.redis_url, secret))
    place = urlsplit(settings.redis_url).netloc.rpartition("@")[2]
    try:
        return list(_steps(client, settings, place))
    finally:
        client.close()


def _check_file(settings: Settings) -> Finding:
    try:
        path = permitted_file(settings.file)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except BadSetting as error:
        return Finding("file", False, error.text, setting="file", params=error.params)
    except OSError as error:
        return Finding(
            "file",
            False,
            gettext_noop("The file's folder cannot be written."),
            gettext_noop("Make it, and let the user of the driver write there."),
            detail=str(error),
            setting="file",
        )
    return Finding("file", True, gettext_noop("The file can be written."))


def _check_secret(secret: str) -> Finding:
    if len(secret) < SHORTEST:
        return Finding(
            "secret",
            False,
            gettext_noop("Traefik needs a secret to fetch its routes with."),
            gettext_noop("Give one of %(count)s signs or more, and Traefik the same as a header."),
            setting="secret",
            params={"count": str(SHORTEST)},
        )
    return Finding("secret", True, gettext_noop("Traefik can fetch its routes here."))


def _check_api(settings: Settings, secret: str) -> Finding:
    try:
        with closing(TraefikReader(settings, secret)) as reader:
            [process] = reader.processes()
    except DriverError as error:
        if error.code == "unauthorized":
            return _refused(error)
        return Finding(
            "api",
            False,
            gettext_noop("Traefik's API does not answer."),
            gettext_noop("Check its address, and that Traefik was started with its API."),
            detail=str(error),
            setting="api_url",
        )
    return Finding(
        "api",
        True,
        gettext_noop("Traefik %(version)s answers."),
        params={"version": process.version},
    )


def _check_rest(settings: Settings, secret: str) -> Finding:
    try:
        with closing(Api(settings.api_url, secret)) as api:
            on = is_on(api)
    except DriverError as error:
        if error.code == "unauthorized":
            return _refused(error)
        return Finding(
            "rest",
            False,
            gettext_noop("Traefik's REST provider does not answer."),
            detail=str(error),
            setting="api_url",
        )
    if not on:
        return Finding(
            "rest",
            False,
            gettext_noop("Traefik's REST provider is not switched on there."),
            gettext_noop(
                "Start Traefik with providers.rest.insecure on an address that only we reach, or"
                " with providers.rest and a router to rest@internal."
            ),
            setting="provider",
        )
    return Finding("rest", True, gettext_noop("Traefik can be given its routes by REST."))


def _refused(error: DriverError) -> Finding:
    return Finding(
        "login",
        False,
        gettext_noop("Traefik's API refuses the secret."),
        gettext_noop("Give what it asks for: user:password, or a token."),
        detail=str(error),
        setting="secret",
    )


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
    yield _events(client)


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
    held = "".join(one.decode() if isinstance(one, bytes) else str(one) for one in flags.values())
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
