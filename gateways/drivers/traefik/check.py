"""Trying a gateway, step by step. Of a tree: `check_tree`; of a file: may it be written; by REST:
is that provider on; and Traefik's API, if its address is known.

The first failure ends it, for what follows could only fail by it.
"""

from __future__ import annotations

import tempfile
from contextlib import closing

from gateways.drivers.base import BadSetting, DriverError, Finding, gettext_noop
from gateways.drivers.folders import permitted_file

from .api import Api
from .check_tree import check_tree
from .reader import TraefikReader
from .rest import is_on
from .settings import FILE, HTTP, REDIS, REST, Settings

SHORTEST = 16  # signs of the secret that a Traefik shows


def check(settings: Settings, secret: str) -> list[Finding]:
    """Never raises for what a network or a server does."""
    if settings.provider == REDIS:
        found = check_tree(settings, secret)
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
