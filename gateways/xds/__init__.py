"""The xDS server: Envoys connect and are told what changes, by delta ADS.

    feed of a control plane → `plane` (one reader, one book) → `stream` (one Envoy) → gRPC

* `plane` follows the feed in a thread of its own and renders what changed, once for all Envoys.
* `stream` is what one Envoy has, wants and has not confirmed yet: only names, never messages. A
  slow Envoy is sent the newest state of what it lacks, and holds nobody up.
* `server` is gRPC around it, on one event loop; `access` says who may ask for what; `reports` tells
  Redis how each Envoy stands.

Order, for one Envoy: a cluster and its nodes before the routes that lead there, a cluster goes
after the routes to it. Versions are digests of the bytes: a restarted server, or another one,
repeats nothing that an Envoy has already. Nothing is sent before the control plane has been
compiled once; what is known stays while Redis is away.

Nothing here needs Django but `rows`, which reads which gateways there are.
"""

from __future__ import annotations

import os

# A process that starts others must not lose its sockets over it: gRPC would meddle with forks. It
# looks when it is imported, and every module here may be the first to do so.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
