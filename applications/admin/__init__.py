"""Django admin of applications, their upstreams and their APIs."""

from . import apis, applications, upstreams

__all__ = ["apis", "applications", "upstreams"]
