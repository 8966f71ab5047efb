"""Sending one request to a gateway and watching the clock. Knows no Django."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from registries.kube import addresses
from registries.kube.errors import KubeError

CONNECT = 3.0  # seconds until the connection stands
WHOLE = 15.0  # seconds for everything
SHOWN = 16 * 1024  # bytes of the answer's body
_CHUNK = 4_096

Pairs = tuple[tuple[str, str], ...]


class NotSent(Exception):
    """There is no answer. `code` says why: dns, refused_address, refused, unreachable, timeout,
    certificate, tls, no_http, bad_address; `detail` is what the system said."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or code)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`url` is the gateway's, `target` the path with its query. `verify`: the certificate of an
    https gateway has to be trusted for the host."""

    url: str
    host: str
    method: str
    target: str
    headers: Pairs = ()
    body: bytes = b""
    verify: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; hostile text. Times are milliseconds since the beginning; `tls` is 0 without.
    `cut`: there is more of the body."""

    status: int
    reason: str
    headers: Pairs
    body: bytes
    cut: bool
    connected: float
    tls: float
    first_byte: float
    total: float

    def header(self, name: str) -> str:
        """The first value of a header, or nothing."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


def send(call: Call, *, allow_loopback: bool) -> Answer:
    """Send and read the beginning of the answer. Raises `NotSent`."""
    began = time.monotonic()
    secure, host, port, base = _where(call.url)
    try:
        found = addresses.resolve(host, port, allow_loopback=allow_loopback)
    except KubeError as error:
        raise NotSent(error.code, error.text) from error
    sock = _connect(found, port)
    watchdog = threading.Timer(WHOLE, _hang_up, [sock])
    watchdog.start()
    try:
        connected = _since(began)
        if secure:
            sock = _secured(sock, call)
        tls = _since(began) if secure else 0.0
        return _exchange(sock, call, base, began, connected=connected, tls=tls)
    finally:
        watchdog.cancel()
        sock.close()


def _where(url: str) -> tuple[bool, str, int, str]:
    """Whether it is https, the host, the port, and the path that is put before every other."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise NotSent("bad_address", str(error)) from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NotSent("bad_address", url)
    secure = parts.scheme == "https"
    return secure, parts.hostname, port or (443 if secure else 80), parts.path.rstrip("/")


def _connect(found: list[str], port: int) -> socket.socket:
    """Connect to one of the addresses that were checked, not to the name again."""
    failure: OSError | None = None
    for address in found[:3]:
        try:
            return socket.create_connection((address, port), timeout=CONNECT)
        except TimeoutError as error:
            failure = error
        except OSError as error:
            failure = error
    if isinstance(failure, ConnectionRefusedError):
        raise NotSent("refused", str(failure)) from failure
    code = "timeout" if isinstance(failure, TimeoutError) else "unreachable"
    raise NotSent(code, str(failure)) from failure


def _secured(sock: socket.socket, call: Call) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    if not call.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    try:
        return context.wrap_socket(sock, server_hostname=certified_name(call.host))
    except ssl.SSLCertVerificationError as error:
        raise NotSent("certificate", error.verify_message) from error
    except TimeoutError as error:
        raise NotSent("timeout", str(error)) from error
    except (OSError, ValueError) as error:
        raise NotSent("tls", str(error)) from error


def certified_name(host: str) -> str:
    """What a certificate has to be for, of a Host header: `[::1]:8443` is for `::1`."""
    return urlsplit(f"//{host}").hostname or ""


def _exchange(
    sock: socket.socket, call: Call, base: str, began: float, *, connected: float, tls: float
) -> Answer:
    connection = http.client.HTTPConnection("gateway")
    connection.sock = sock
    sock.settimeout(WHOLE)
    try:
        connection.putrequest(
            call.method, base + call.target, skip_host=True, skip_accept_encoding=True
        )
        connection.putheader("Host", call.host)
        for name, value in call.headers:
            connection.putheader(name, value.encode())
        connection.putheader("Connection", "close")
        if call.body or call.method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(call.body)))
        connection.endheaders(call.body or None)
        response = connection.getresponse()
        if _is_over(began):
            raise NotSent("timeout")  # the headers ended where the line was cut
        first_byte = _since(began)
        body, cut = _read(response, began)
    except TimeoutError as error:
        raise NotSent("timeout", str(error)) from error
    except http.client.HTTPException as error:
        code = "timeout" if _is_over(began) else "no_http"
        raise NotSent(code, f"{type(error).__name__}: {error}") from error
    except (OSError, ValueError) as error:
        code = "timeout" if _is_over(began) else "no_http"
        raise NotSent(code, str(error)) from error
    return Answer(
        status=response.status,
        reason=response.reason,
        headers=tuple(response.getheaders()),
        body=body,
        cut=cut,
        connected=connected,
        tls=tls,
        first_byte=first_byte,
        total=_since(began),
    )


def _read(response: http.client.HTTPResponse, began: float) -> tuple[bytes, bool]:
    """The beginning of the body, and whether there is more. A body that comes too slowly or breaks
    off is shown as far as it came."""
    found = bytearray()
    try:
        while len(found) <= SHOWN:
            chunk = response.read1(_CHUNK)
            if not chunk:
                return bytes(found), _is_over(began)
            found += chunk
    except (OSError, http.client.HTTPException):
        return bytes(found), True
    return bytes(found[:SHOWN]), True


def _hang_up(sock: socket.socket) -> None:
    """Wakes who reads from a gateway that sends for ever, a byte at a time."""
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is closed already


def _is_over(began: float) -> bool:
    return time.monotonic() - began >= WHOLE


def _since(began: float) -> float:
    return (time.monotonic() - began) * 1000
