"""What Traefik's static configuration has to say: one of its providers, and that it waits for
nothing: else it applies a change two seconds after the last one.

By REST from another machine, what may be asked and pushed lies behind a password: then a second
document is for a file of Traefik's file provider.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from gateways.drivers.base import Place

from .settings import FILE, REDIS, REST, Settings

_ALONE = ("127.0.0.1", "::1", "localhost")
_AT_ONCE = {"providersThrottleDuration": "0s"}


def joining(settings: Settings, place: Place) -> str:
    if settings.provider == REST:
        return "---\n".join(_written(one) for one in _pushed(settings))
    return _written({"providers": _AT_ONCE | _provider(settings, place)})


def _written(said: dict[str, Any]) -> str:
    return yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=1_000)


def _pushed(settings: Settings) -> list[dict[str, Any]]:
    parts = urlsplit(settings.api_url)
    if parts.hostname in _ALONE:
        static: dict[str, Any] = {
            "providers": _AT_ONCE | {"rest": {"insecure": True}},
            "api": {"insecure": True},
            "entryPoints": {"traefik": {"address": parts.netloc}},
        }
        return [static]
    secured = {"entryPoints": ["portolan"], "middlewares": ["portolan-only"], "tls": {}}
    return [
        {
            "providers": _AT_ONCE
            | {"rest": {}, "file": {"filename": "/etc/traefik/portolan-only.yml"}},
            "api": {},
            "entryPoints": {"portolan": {"address": f":{parts.port or 443}"}},
        },
        {
            "http": {
                "routers": {
                    "portolan-rest": {
                        "rule": "PathPrefix(`/api/providers`)",
                        "priority": 2,
                        "service": "rest@internal",
                        **secured,
                    },
                    "portolan-api": {
                        "rule": "PathPrefix(`/api`)",
                        "priority": 1,
                        "service": "api@internal",
                        **secured,
                    },
                },
                "middlewares": {"portolan-only": {"basicAuth": {"users": ["USER:HASH"]}}},
            }
        },
    ]


def _provider(settings: Settings, place: Place) -> dict[str, Any]:
    if settings.provider == FILE:
        # Its folder: Traefik never follows a file by name that is not there yet when it starts.
        return {"file": {"directory": str(Path(settings.file).parent), "watch": True}}
    if settings.provider == REDIS:
        return {"redis": _tree(settings)}
    return {
        "http": {
            "endpoint": f"{place.document}?wait=4&instance=THIS-TRAEFIK",
            "pollInterval": "20ms",
            "pollTimeout": "10s",
            "headers": {"Authorization": "Bearer SECRET"},
        },
    }


def _tree(settings: Settings) -> dict[str, Any]:
    parts = urlsplit(settings.redis_url)
    found: dict[str, Any] = {
        "endpoints": [parts.netloc.rpartition("@")[2]],
        "rootKey": settings.root_key,
        # A user of its own, which may not switch all events on (docs/gateways/traefik.md).
        "username": "USER",
        "password": "PASSWORD",
    }
    database = parts.path.strip("/")
    if database.isdecimal() and int(database):
        found["db"] = int(database)
    if parts.scheme == "rediss":
        found["tls"] = {}
    return found
