"""Addresses of APIs in templates."""

from __future__ import annotations

from typing import Any

from django import template

from applications import addresses
from applications.models import Api

register = template.Library()


@register.simple_tag
def curl(api: Api, base: str) -> str:
    return addresses.curl(api, base)


@register.filter
def effective_paths(api: Api) -> list[tuple[str, bool]]:
    return addresses.effective_paths(api)


@register.filter
def effective(api: Api) -> list[addresses.Address]:
    return list(addresses.effective(api))


@register.simple_tag
def door_url(doors: list[Any], chosen: str) -> str:
    """Where the chosen gateway is reached; the first one's address if none is chosen."""
    found = next((door for door in doors if str(door.pk) == chosen), None)
    if found is None and doors:
        found = doors[0]
    return str(found.url) if found else ""
