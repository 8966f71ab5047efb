"""What Traefik's static configuration has to say: one of its providers.

By REST from another machine, what may be asked and pushed lies behind a password: then a second
document is for a file of Traefik's file provider.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import yaml

from gateways.drivers.base import Place

from .settings import FILE, REDIS, REST, Settings

_ALONE = ("127.0.0.1", "::1", "localhost")


def joining(settings: Settings, place: Place) -> str:
    if settings.provider == REST:
        return "---\n".join(_written(one) for one in _pushed(settings))
    return _written({"providers": _provider(settings, place)})


def _written(said: dict[str, Any]) -> str:
    return yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=1_000)


def _pushed(settings: Settings) -> list[dict[str, Any]]:
    parts = urlsplit(settings.api_url)
    if parts.hostname in _ALONE:
        static: dict[str, Any] = {
            "providers": {"providersThrottleDuration": "0s", "rest": {"insecure": True}},
            "api": {"insecure": True},
            "entryPoints": {"traefik": {"address": parts.netloc}},
        }
        return [static]
    secured = {"entryPoints": ["portolan"], "middlewares": ["portolan-only"], "tls": {}}
    return [
        {
            "providers": {
                "providersThrottleDuration": "0s",
                "rest": {},
                "file": {"filename": "/etc/traefik/portolan-only.yml"},
            },
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
        return {"file": {"filename": settings.file, "watch": True}}
    if settings.provider == REDIS:
        return {"redis": _tree(settings)}
    return {
        "providersThrottleDuration": "0s",
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
        "password": "PASSWORD",
    }
    database = parts.path.strip("/")
    if database.isdecimal() and int(database):
        found["db"] = int(database)
    if parts.scheme == "rediss":
        found["tls"] = {}
    return found
