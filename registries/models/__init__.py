"""Registries, and how each of them stood over time."""

from __future__ import annotations

from .registry import Registry, RegistryQuerySet
from .transition import Transition

__all__ = ["Registry", "RegistryQuerySet", "Transition"]
