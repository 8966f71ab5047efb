"""The kinds of gateway: one row each. A new one is a copied neighbour and a row here."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import msgspec

from .base import Driver


@dataclass(frozen=True, slots=True)
class Kind:
    """`module` holds ``Settings`` (a msgspec Struct) and ``build(settings, secret) -> Driver``;
    named, not imported, so that the table costs nothing."""

    label: str
    module: str


KINDS = {
    "traefik": Kind("Traefik", "gateways.drivers.traefik"),
}


def check_settings(kind: str, settings: object) -> dict[str, Any]:
    """Return the settings with their defaults filled in. Raises `ValueError` with the field."""
    struct = import_module(KINDS[kind].module).Settings
    checked: dict[str, Any] = msgspec.to_builtins(msgspec.convert(settings, struct))
    return checked


def build(kind: str, settings: object, secret: str) -> Driver:
    """Make the driver of a gateway. Raises `ValueError` for settings that do not fit."""
    module = import_module(KINDS[kind].module)
    driver: Driver = module.build(msgspec.convert(settings, module.Settings), secret)
    return driver
