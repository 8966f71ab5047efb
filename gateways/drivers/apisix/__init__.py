"""Apache APISIX 2.15 and 3: routes and upstreams by its Admin API or by a file."""

from .driver import Settings, build, check, preview, reader

__all__ = ["Settings", "build", "check", "preview", "reader"]
