"""Envoy through our xDS server."""

from .driver import Settings, build, check, preview, reader

__all__ = ["Settings", "build", "check", "preview", "reader"]
