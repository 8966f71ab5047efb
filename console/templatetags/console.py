"""Template tags of the whole console; built in, so that no page has to load them."""

from __future__ import annotations

from django import template

register = template.Library()
