"""What APISIX's ``config.yaml`` has to say for our discovery module."""

from __future__ import annotations

import yaml

from gateways.drivers.base import Place

from .settings import Settings

_FOLDER = "/opt/portolan/lua"


def joining(settings: Settings, place: Place) -> str:
    """Nothing, if nodes come with the upstreams."""
    if settings.discovery != "portolan":
        return ""
    said = {
        "apisix": {"extra_lua_path": f"{_FOLDER}/?.lua;{_FOLDER}/?/init.lua"},
        "discovery": {
            "portolan": {
                "redis": {"host": "REDIS-HOST", "username": "USER", "password": "PASSWORD"},
                "control_plane": place.control_plane_id,
                "gateway": place.gateway_id,
                "file": "/var/lib/apisix/portolan-last-good",
            }
        },
    }
    return yaml.safe_dump(said, sort_keys=False, width=1_000)
