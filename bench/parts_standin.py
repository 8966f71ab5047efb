"""The tests' stand-in for APISIX's Admin API, in a process of its own: prints its port, ends with
its standard input.

    python -m bench.parts_standin KEY
"""

from __future__ import annotations

import sys

from tests.gateways.apisix.standin import StandIn

if __name__ == "__main__":
    standin = StandIn("admin", sys.argv[1])
    standin.up()
    print(standin.port, flush=True)
    sys.stdin.read()
    standin.down()
