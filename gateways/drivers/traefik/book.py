"""What a gateway is to have: the objects of all resources, kept so that a change costs what
changed. Touches nothing outside of itself.

An object may come of several resources (a transport that services share) and goes with the last of
them. A resource that cannot be expressed any more keeps its last good form, and is named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any

from console.contract.wire import Resource
from gateways.drivers.base import Changes
from gateways.drivers.reasons import UNRENDERED, reason

from . import names
from .render import ALWAYS, Objects

# Place → object; None: it is gone.
Differences = dict[str, Any]
Render = Callable[[Resource], Objects]


class Book:
    def __init__(self, render: Render) -> None:
        self._render = render
        self._of: dict[str, Objects] = {}  # by the feed's keys
        self._used: Counter[str] = Counter()
        self.objects: Objects = dict(ALWAYS)
        self.refused: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._of)

    def replace(
        self, resources: Mapping[str, Resource], *, had: Objects, keep: Collection[str] = ()
    ) -> None:
        """Begin anew with these. `had`: what the gateway has, of which the last good form of a
        refused resource is taken, and of those to `keep`."""
        self._of, self._used = {}, Counter()
        self.objects, self.refused = dict(ALWAYS), {}
        if had:
            self._recall(had, {*resources, *keep})
        self.apply(resources)

    def apply(self, changes: Changes) -> Differences:
        """Follow changes; tell which objects differ now."""
        before: Differences = {}
        for key, resource in changes.items():
            self.refused.pop(key, None)
            if resource is None:
                self._set(key, {}, before)
                continue
            try:
                objects = self._render(resource)
            except UNRENDERED as error:
                self.refused[key] = reason(resource.name, error)
                continue
            self._set(key, objects, before)
        return {
            place: self.objects.get(place)
            for place, was in before.items()
            if self.objects.get(place) != was
        }

    def _set(self, key: str, objects: Objects, before: Differences) -> None:
        old = self._of.pop(key, {})
        if objects:
            self._of[key] = objects
        self._used.update(objects.keys())
        for place in old:
            before.setdefault(place, self.objects.get(place))
            self._used[place] -= 1
            if not self._used[place]:
                del self._used[place]
                self.objects.pop(place, None)
        for place, found in objects.items():
            before.setdefault(place, self.objects.get(place))
            self.objects[place] = found

    def _recall(self, had: Objects, wanted: Collection[str]) -> None:
        """Enter what the gateway has by these keys. What can be expressed replaces it."""
        found: dict[str, Objects] = {}
        for place, what in had.items():
            key = names.route_key(place)
            if place.startswith("http/services/"):
                key = names.upstream_key(place.removeprefix("http/services/"))
            if key in wanted:
                found.setdefault(key, {})[place] = what
                found[key].update(_transport(what, had))
        for key, objects in found.items():
            self._set(key, objects, {})


def _transport(service: Any, had: Objects) -> Objects:
    place = f"http/serversTransports/{_balancer(service).get('serversTransport', '')}"
    return {place: had[place]} if place in had else {}


def _balancer(service: Any) -> Mapping[str, Any]:
    found = service.get("loadBalancer") if isinstance(service, dict) else None
    return found if isinstance(found, dict) else {}
