"""A kind of gateway whose driver has a fault, for tests."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from msgspec import Struct

from console.contract.wire import Resource
from gateways.drivers.base import Applied, Changes


class Settings(Struct):
    """None."""


class Driver:
    pulled = False

    def start(self, *, epoch: int = 0) -> None:
        """Goes well."""

    def replace(self, resources: Mapping[str, Resource], keep: Collection[str] = ()) -> Applied:
        raise KeyError("a fault")

    def apply(self, changes: Changes) -> Applied:
        raise KeyError("a fault")

    def touch(self) -> None:
        """Goes well."""

    def describe(self) -> dict[str, Any]:
        return {}


def build(settings: Settings, secret: str) -> Driver:
    return Driver()


def reader(settings: Settings, secret: str) -> None:
    """Nothing can be asked."""
