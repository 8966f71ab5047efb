"""Driving a Traefik that comes to our console by itself (`gateways.serving`): what it is given is
rendered here to name what it cannot have, and nothing is touched."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from console.contract.wire import Resource
from gateways.drivers.base import Applied, Changes

from .book import Book
from .render import render


class PulledDriver:
    """`gateways.drivers.base.Driver`, without hands."""

    pulled: ClassVar[bool] = True  # its instances say how it stands

    def __init__(self, *, entry_points: list[str]) -> None:
        self._book = Book(lambda resource: render(resource, entry_points=entry_points))

    def start(self, *, epoch: int = 0) -> None:
        """Nothing to learn."""

    def replace(self, resources: Mapping[str, Resource], keep: Collection[str] = ()) -> Applied:
        before = self._book.objects
        self._book.replace(resources, had={})
        after = self._book.objects
        differing = sum(before.get(one) != after.get(one) for one in before.keys() | after.keys())
        return Applied(differing, dict(self._book.refused))

    def apply(self, changes: Changes) -> Applied:
        return Applied(len(self._book.apply(changes)), dict(self._book.refused))

    def touch(self) -> None:
        """Nothing to keep."""

    def describe(self) -> dict[str, Any]:
        return {
            "provider": "http",
            "resources": len(self._book),
            "objects": len(self._book.objects),
            "refused": len(self._book.refused),
        }
