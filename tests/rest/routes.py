"""Every route of the API, found by walking the URL patterns: a new one is tested by being there."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver
from django.urls.converters import get_converters

NOWHERE = uuid.UUID(int=0)
_SAMPLES = {"uuid": str(NOWHERE), "int": "0", "str": "some", "path": "some/where/"}


@dataclass(frozen=True)
class Route:
    pattern: str
    method: str
    url: str

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.pattern}"


def all_routes() -> list[Route]:
    from console.api.urls import urlpatterns

    return sorted(_walk(urlpatterns, "/api/v1/"), key=str)


def _walk(patterns: list[Any], base: str) -> Iterator[Route]:
    for one in patterns:
        here = base + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _walk(one.url_patterns, here)
        elif isinstance(one, URLPattern):
            for method in _methods(one.callback):
                yield Route(here, method, _filled(here))


def _methods(view: Any) -> list[str]:
    if hasattr(view, "actions"):
        return [method for method in view.actions if method != "head"]
    return ["get"]


def _filled(pattern: str) -> str:
    for name in get_converters():
        while (start := pattern.find(f"<{name}:")) >= 0:
            end = pattern.index(">", start)
            pattern = pattern[:start] + _SAMPLES[name] + pattern[end + 1 :]
    return pattern
