"""What this kind of gateway cannot express."""

from __future__ import annotations


class Unsupported(ValueError):
    """Envoy cannot express the resource, or would refuse it."""
