"""What this kind of gateway cannot express."""

from __future__ import annotations

from gateways.drivers import reasons


class Unsupported(reasons.Unsupported):
    """Envoy cannot express the resource, or would refuse it."""
