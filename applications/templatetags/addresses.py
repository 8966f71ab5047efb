"""Addresses of APIs in templates."""

from __future__ import annotations

from django import template

from applications import addresses
from applications.models import Api

register = template.Library()


@register.simple_tag
def curl(api: Api, base: str) -> str:
    return addresses.curl(api, base)


@register.filter
def effective_paths(api: Api) -> list[str]:
    return addresses.effective_paths(api)
