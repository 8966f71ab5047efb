"""The driver of Envoy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from console.contract.wire import Resource
from gateways.drivers.base import (
    Driver,
    DriverError,
    Finding,
    Preview,
    Reader,
    gettext_noop,
)


class Settings(Struct, kw_only=True, forbid_unknown_fields=True):
    port: Annotated[int, Meta(title=gettext_noop("Listener port"), ge=1, le=65535)] = 9080


def build(settings: Settings, secret: str) -> Driver:
    raise DriverError("This kind cannot be driven yet.", permanent=True)


def preview(settings: Settings, resources: Mapping[str, Resource]) -> Preview:
    return Preview({})


def reader(settings: Settings, secret: str) -> Reader:
    raise DriverError("This kind cannot be asked yet.", permanent=True)


def check(settings: Settings, secret: str) -> list[Finding]:
    return []
