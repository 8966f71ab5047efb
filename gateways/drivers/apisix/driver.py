"""The driver of APISIX."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

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
    mode: Annotated[Literal["admin", "standalone", "file"], Meta(title=gettext_noop("Mode"))] = (
        "admin"
    )
    admin_url: Annotated[str, Meta(title=gettext_noop("Admin API"))] = ""


def build(settings: Settings, secret: str) -> Driver:
    raise DriverError("This kind cannot be driven yet.", permanent=True)


def preview(settings: Settings, resources: Mapping[str, Resource]) -> Preview:
    return Preview({})


def reader(settings: Settings, secret: str) -> Reader:
    raise DriverError("This kind cannot be asked yet.", permanent=True)


def check(settings: Settings, secret: str) -> list[Finding]:
    return []
