"""What a gateway's own configuration has to say so that it comes to us: ready to copy.

Holds no secret: places for them, and for addresses that only its people know, are in capitals.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import yaml
from django.urls import reverse

from gateways.drivers.envoy.bootstrap import bootstrap
from gateways.models import Gateway

_XDS_PORT = 18_000  # as `manage.py xds` has it unless told


def snippet(gateway: Gateway, console: str) -> str:
    """The part of its configuration; empty if it needs none of ours. `console` is the address that
    this console has for whoever asks."""
    match gateway.kind:
        case "traefik":
            return _yaml({"providers": _traefik(gateway, console)})
        case "envoy":
            name = gateway.name
            made = bootstrap(
                gateway_id=str(gateway.pk), node_id=name, host="XDS-HOST", port=_XDS_PORT
            )
            return json.dumps(made, indent=2)
        case "apisix" if gateway.settings.get("discovery") == "portolan":
            return _yaml(_discovery(gateway))
    return ""


def _traefik(gateway: Gateway, console: str) -> dict[str, Any]:
    said = gateway.settings
    given = "redis" if said.get("redis_url") else "file" if said.get("file") else "http"
    provider = said.get("provider") or given
    if provider == "file":
        return {"file": {"filename": said["file"], "watch": True}}
    if provider == "redis":
        return {"redis": _tree(said)}
    address = console.rstrip("/") + reverse("serving:traefik", args=[gateway.pk])
    return {
        "providersThrottleDuration": "0s",
        "http": {
            "endpoint": f"{address}?wait=4&instance=THIS-TRAEFIK",
            "pollInterval": "20ms",
            "pollTimeout": "10s",
            "headers": {"Authorization": "Bearer SECRET"},
        },
    }


def _tree(said: dict[str, Any]) -> dict[str, Any]:
    parts = urlsplit(said["redis_url"])
    found: dict[str, Any] = {
        "endpoints": [parts.netloc.rpartition("@")[2]],
        "rootKey": said.get("root_key", "traefik"),
        "password": "PASSWORD",
    }
    database = parts.path.strip("/")
    if database.isdecimal() and int(database):
        found["db"] = int(database)
    if parts.scheme == "rediss":
        found["tls"] = {}
    return found


def _discovery(gateway: Gateway) -> dict[str, Any]:
    folder = "/opt/portolan/lua"
    return {
        "apisix": {"extra_lua_path": f"{folder}/?.lua;{folder}/?/init.lua"},
        "discovery": {
            "portolan": {
                "redis": {"host": "REDIS-HOST", "username": "USER", "password": "PASSWORD"},
                "control_plane": str(gateway.control_plane_id),
                "gateway": str(gateway.pk),
                "file": "/var/lib/apisix/portolan-last-good",
            }
        },
    }


def _yaml(value: dict[str, Any]) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=1_000)
