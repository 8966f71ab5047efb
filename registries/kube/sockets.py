"""How connections to API servers are made: whom they trust, what keeps them alive, and the names of
what fails before urllib3 has a part in it."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator

from urllib3.util.ssl_ import create_urllib3_context

from .errors import KubeError


def trusting() -> ssl.SSLContext:
    """Whatever is in a CA bundle is trusted, as kubectl has it: also an intermediate, or a server's
    own certificate, whose issuer the bundle lacks. The bundle itself is loaded by urllib3."""
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def options() -> list[tuple[int, int, int]]:
    """Keepalive finds a dead peer in about half a minute where nothing in between answers."""
    chosen = [
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    ]
    for name, value in (("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):
            chosen.append((socket.IPPROTO_TCP, getattr(socket, name), value))
    return chosen


@contextlib.contextmanager
def named_failures() -> Iterator[None]:
    """Turn the failures of opening a plain socket into ours; what breaks later is left as it is."""
    try:
        yield
    except (ssl.SSLError, ConnectionResetError, BrokenPipeError):
        raise
    except TimeoutError as error:
        raise KubeError("timeout", "The API server did not answer in time.") from error
    except OSError as error:
        raise KubeError("refused", "The API server does not accept connections.") from error
