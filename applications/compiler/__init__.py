"""The compiler: what a team published, joined with what registries discovered. Pure.

`Plan` holds the published applications of one control plane as plain values and knows which
upstream uses which service, so that a changed service costs the upstreams that use it and nothing
else. It is told of changes (`put_application`, `drop_application`, `put_service`) and gives the
resources that they changed (`take`); it reads nothing and writes nothing, and what time it is it
is told.

An upstream whose registry has never been read keeps the nodes it had: not knowing is no reason to
send nobody anywhere. A service that is absent or empty in a registry that *is* known gives no
nodes, and the gateway answers 503; at once or, as the upstream wishes, when its last nodes have
been kept for a while (`keeping`).
"""

from .plan import Plan
from .routes import join, route
from .upstreams import ServiceName, upstream

__all__ = ["Plan", "ServiceName", "join", "route", "upstream"]
