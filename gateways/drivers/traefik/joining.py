"""What Traefik's static configuration has to say: one of its providers."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import yaml

from gateways.drivers.base import Place

from .settings import FILE, REDIS, Settings


def joining(settings: Settings, place: Place) -> str:
    return yaml.safe_dump(
        {"providers": _provider(settings, place)}, sort_keys=False, allow_unicode=True, width=1_000
    )


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
