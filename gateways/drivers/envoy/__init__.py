"""Envoy through our xDS server (`gateways.xds`).

Here is what Envoys are given, all of it pure: `clusters` and `routes` turn one resource into
Envoy's own, `hosts` puts routes together, `book` keeps all of it and says what a change changes.
`patterns` and `expressions` are why Envoy never refuses a route: it takes all routes in one
message, so that a single expression it cannot read would hold back all of them.
"""

from .check import check
from .driver import EnvoyDriver, build, preview
from .joining import joining
from .reader import reader
from .settings import Settings

__all__ = ["EnvoyDriver", "Settings", "build", "check", "joining", "preview", "reader"]
