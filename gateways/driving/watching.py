"""Standing in for the driver of a gateway that somebody else drives: it touches nothing.

It renders each resource alone, as the kind would, to name what the kind cannot have; the gateway's
instances say how far they are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from console.contract.wire import Resource
from gateways import drivers
from gateways.drivers.base import Applied, Changes


class WatchingDriver:
    """`gateways.drivers.base.Driver`, without hands. Settings that do not fit are no failure: those
    that count are in the agent's own configuration."""

    pulled: ClassVar[bool] = True

    def __init__(self, kind: str, settings: object) -> None:
        self._kind = kind
        self._settings = settings
        self._known: set[str] = set()
        self._refused: dict[str, str] = {}

    def start(self, *, epoch: int = 0) -> None:
        self._known, self._refused = set(), {}

    def replace(self, resources: Mapping[str, Resource], keep: Collection[str] = ()) -> Applied:
        self._known, self._refused = set(), {}
        return self.apply(resources)

    def apply(self, changes: Changes) -> Applied:
        for key, resource in changes.items():
            self._refused.pop(key, None)
            self._known.discard(key)
            if resource is not None:
                self._known.add(key)
                self._refused |= self._refusals(key, resource)
        return Applied(0, dict(self._refused))

    def touch(self) -> None:
        """Nothing to keep."""

    def describe(self) -> dict[str, Any]:
        return {"resources": len(self._known - self._refused.keys())}

    def _refusals(self, key: str, resource: Resource) -> Mapping[str, str]:
        try:
            refused = drivers.preview(self._kind, self._settings, {key: resource}).refused
        except ValueError:
            return {}
        return {key: refused[key]} if key in refused else {}
