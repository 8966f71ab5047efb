"""The bootstrap that an Envoy starts with."""

from __future__ import annotations

import json

from gateways.drivers.base import Place

from .bootstrap import bootstrap
from .settings import Settings

_PORT = 18_000  # as `manage.py xds` has it unless told


def joining(settings: Settings, place: Place) -> str:
    made = bootstrap(gateway_id=place.gateway_id, node_id=place.name, host="XDS-HOST", port=_PORT)
    return json.dumps(made, indent=2)
