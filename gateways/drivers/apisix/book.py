"""What a gateway is to have: the objects of all resources, kept so that a change costs what
changed. Touches nothing outside of itself.

A resource that cannot be expressed any more keeps its last good form, and is named.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from console.contract.wire import Resource
from gateways.drivers.base import Changes, gettext_noop
from gateways.drivers.reasons import UNRENDERED, Reason, reason

from . import names
from .render import Objects, render
from .settings import Settings

_SAID = gettext_noop("APISIX refuses it: %(said)s")


class Book:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._of: dict[str, tuple[str, ...]] = {}  # names by the feed's keys
        self._titles: dict[str, str] = {}  # of resources, by the feed's keys
        self.objects: Objects = {}
        self.refused: dict[str, str] = {}  # by the feed's keys

    def __len__(self) -> int:
        return len(self._of)

    def replace(
        self, resources: Mapping[str, Resource], *, had: Objects, keep: Collection[str] = ()
    ) -> None:
        """Begin anew with these. `had`: what the gateway has, of which the last good form of a
        refused resource is taken, and of those to `keep`."""
        self._of, self._titles, self.objects, self.refused = {}, {}, {}, {}
        before: dict[str, list[str]] = {}
        for name in had:
            before.setdefault(names.key_of(self._settings.id_prefix, name), []).append(name)
        self.apply(resources)
        for key in {*self.refused, *keep}:
            self._set(key, {name: had[name] for name in before.get(key, ())})

    def apply(self, changes: Changes) -> list[str]:
        """Follow changes; tell the names of objects that differ now."""
        differing: dict[str, None] = {}
        for key, resource in changes.items():
            self.refused.pop(key, None)
            if resource is None:
                self._titles.pop(key, None)
                differing |= dict.fromkeys(self._set(key, {}))
                continue
            self._titles[key] = resource.name
            try:
                objects = render(resource, self._settings)
            except UNRENDERED as error:
                self.refused[key] = reason(resource.name, error)
                continue
            differing |= dict.fromkeys(self._set(key, objects))
        return list(differing)

    def title(self, name: str) -> tuple[str, str]:
        """The feed's key of an object, and how people call its resource."""
        key = names.key_of(self._settings.id_prefix, name)
        return key, self._titles.get(key, key)

    def refusals(self, said: Mapping[str, str]) -> dict[str, str]:
        """All that is refused: what cannot be expressed, and what APISIX said of objects."""
        found = dict(self.refused)
        for name, why in said.items():
            key, title = self.title(name)
            found.setdefault(key, Reason(_SAID, {"said": why}, about=title))
        return found

    def _set(self, key: str, objects: Objects) -> Iterable[str]:
        old = {name: self.objects.pop(name) for name in self._of.pop(key, ())}
        if objects:
            self._of[key] = tuple(objects)
            self.objects |= objects
        return [name for name in old | objects if old.get(name) != objects.get(name)]


def upstreams_of(route: Mapping[str, Any]) -> str:
    """The name of the upstream that a route's object needs."""
    return f"upstreams/{route.get('upstream_id', '')}"
