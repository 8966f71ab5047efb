"""`python -m gateways.xds`: the server for one gateway, without a database and without Django.

For benches, tests, and a place that has nothing but Redis. `manage.py xds` serves all gateways.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from console import redis
from gateways.drivers.envoy import Settings

from .access import Certificates, Refused
from .server import Row, Server
from .serving import serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m gateways.xds", description=__doc__)
    parser.add_argument("--gateway", required=True, help="its id, which Envoys name")
    parser.add_argument("--control-plane", required=True, help="the id of its control plane")
    parser.add_argument("--listen-address", default="0.0.0.0", help="of Envoys (%(default)s)")  # noqa: S104 - a gateway is there to be reached
    parser.add_argument("--listen-port", type=int, default=9080, help="of Envoys (%(default)s)")
    parser.add_argument("--host", default="127.0.0.1", help="of this server (%(default)s)")
    parser.add_argument("--port", type=int, default=18_000, help="of it (%(default)s)")
    for name in ("certificate", "key", "authority"):
        parser.add_argument(f"--{name}", type=Path, help="a file, for mutual TLS")
    chosen = parser.parse_args()
    url = os.environ.get("REDIS_URL", "")
    if not url:
        parser.error("REDIS_URL has to name the Redis of the feeds.")
    files = {name: getattr(chosen, name) for name in ("certificate", "key", "authority")}
    if any(files.values()) and not all(files.values()):
        parser.error("--certificate, --key and --authority belong together.")
    row = Row(
        id=chosen.gateway,
        control_plane=chosen.control_plane,
        enabled=True,
        settings=Settings(address=chosen.listen_address, port=chosen.listen_port),
    )
    server = Server(lambda: redis.connect(url), lambda _anew: {row.id: row})
    tls = Certificates(**files) if all(files.values()) else None
    try:
        serve(server, chosen.host, chosen.port, tls=tls, say=_say)
    except Refused as error:
        parser.exit(1, f"{error}\n")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


main()
