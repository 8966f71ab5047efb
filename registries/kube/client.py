"""The one module that uses the official Kubernetes client, and our only way to an API server.

From the official client we take configuration, TLS and the connection pool; requests are sent raw
and bodies are handed out as bytes, because decoding into its models costs ten times as much.
Nothing is retried or redirected here, no proxy is taken from the environment, every request has
timeouts, every body a limit. Failures leave as `errors.KubeError`.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import kubernetes.client
import urllib3
from kubernetes.client.rest import RESTClientObject

from . import addresses, chain, errors, sockets, tokens
from .errors import KubeError
from .failures import error_from_status, named_errors
from .spec import RegistrySpec

CONNECT_TIMEOUT = 5.0  # seconds
READ_TIMEOUT = 30.0  # seconds between two bytes of an answer that is not a watch
BODY_WITHIN = 60.0  # seconds for a whole answer that is not a watch
MAX_BODY = 64 * 1024 * 1024  # bytes of one page of a list, unpacked
_CHUNK = 64 * 1024
_ACCEPT = "application/json"

Params = Mapping[str, str]


class Stream:
    """The body of an open watch: chunks as they come. `close` may be called by another thread and
    makes a blocked read end at once."""

    def __init__(self, response: urllib3.BaseHTTPResponse) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        with named_errors(watching=True):
            yield from self._response.stream(_CHUNK, decode_content=False)

    def close(self) -> None:
        connection = self._response.connection
        raw = getattr(connection, "sock", None)
        if raw is not None:
            with contextlib.suppress(OSError):
                # Not SSLSocket.shutdown: that takes the TLS state from under a reading thread.
                socket.socket.shutdown(raw, socket.SHUT_RDWR)

    def be_patient(self, seconds: float) -> None:
        """Wait so long for the next byte from now on; only the reading thread may."""
        raw = getattr(self._response.connection, "sock", None)
        if raw is not None:
            raw.settimeout(seconds)

    def release(self) -> None:
        """Give the connection up; only the reading thread may."""
        self._response.close()


class Client:
    """One registry's way to its API server. Threads may share it."""

    def __init__(
        self, spec: RegistrySpec, *, allow_loopback: bool, patience: float = READ_TIMEOUT
    ) -> None:
        self._spec = spec
        self._allow_loopback = allow_loopback
        self._patience = patience
        self._lock = threading.Lock()
        self._rest: RESTClientObject | None = None
        parts = urlsplit(spec.server)
        self.host = parts.hostname or ""
        self.port = parts.port or 443
        self._base = parts.path.rstrip("/")
        self._address = ""

    def get(self, path: str, params: Params | None = None) -> bytes:
        """Read a whole answer. Raises `KubeError`."""
        return _body(self._send("GET", path, params, headers={"Accept-Encoding": "gzip"}))

    def post(self, path: str, body: bytes) -> bytes:
        """Send JSON and read the whole answer. Raises `KubeError`."""
        response = self._send(
            "POST", path, None, headers={"Content-Type": "application/json"}, body=body
        )
        return _body(response)

    def watch(self, path: str, params: Params, *, silence: float) -> Stream:
        """Open a watch; it raises `Silent` when nothing comes for `silence` seconds. Raises
        `KubeError` when the server does not open it."""
        return Stream(self._send("GET", path, params, headers={}, read_timeout=silence))

    def resolve(self) -> list[str]:
        """The checked addresses of the API server. Raises `KubeError`."""
        return addresses.resolve(self.host, self.port, allow_loopback=self._allow_loopback)

    def connect(self) -> str:
        """Open a connection and close it again: the checked address that every request goes to.
        Raises `KubeError`."""
        self._connected()
        with sockets.named_failures():
            socket.create_connection((self._address, self.port), CONNECT_TIMEOUT).close()
        return self._address

    def certificates(self) -> list[bytes]:
        """The chain that the server shows, verified by nobody (`chain.fetch`). Raises
        `KubeError`."""
        self._connected()
        name = self._spec.tls_server_name or self.host
        with named_errors(), sockets.named_failures():
            return chain.fetch(
                self._address,
                self.port,
                name="" if addresses.parse(name) else name,
                within=CONNECT_TIMEOUT,
            )

    @property
    def account(self) -> str:
        """The service account by which we come, as ``namespace:name``; empty if the token does
        not say. Raises `KubeError` if the token file cannot be read."""
        return tokens.account(self._token())

    def token_expires_at(self) -> int:
        """When the token ends, in milliseconds since the Unix epoch; 0 if it does not say or
        cannot be read."""
        with contextlib.suppress(KubeError):
            return tokens.expires_at(self._token())
        return 0

    def close(self) -> None:
        """Drop idle connections; the next request makes new ones."""
        with self._lock:
            if self._rest is not None:
                self._rest.close()
                self._rest = None

    def _send(
        self,
        method: str,
        path: str,
        params: Params | None,
        *,
        headers: Mapping[str, str],
        read_timeout: float | None = None,
        body: bytes | None = None,
    ) -> urllib3.BaseHTTPResponse:
        rest = self._connected()
        query = f"?{urlencode(params)}" if params else ""
        try:
            with named_errors():
                response = rest.pool_manager.request(
                    method,
                    f"https://{_bracketed(self._address)}:{self.port}{self._base}{path}{query}",
                    headers={
                        "Host": f"{_bracketed(self.host)}:{self.port}",
                        "Accept": _ACCEPT,
                        "Authorization": f"Bearer {self._token()}",
                        "User-Agent": "portolan",
                        **headers,
                    },
                    body=body,
                    timeout=urllib3.Timeout(
                        connect=CONNECT_TIMEOUT, read=read_timeout or self._patience
                    ),
                    preload_content=False,
                    retries=False,
                    redirect=False,
                )
        except KubeError as error:
            self.close()
            if error.code == "tls_untrusted" and not self._spec.ca_bundle:
                text = "No CA that this machine knows signed the server's certificate: give its CA."
                raise KubeError(error.code, text, field=error.field) from error
            raise
        if 200 <= response.status < 300:
            return response
        raise _refused(response)

    def _connected(self) -> RESTClientObject:
        with self._lock:
            if self._rest is None:
                self._address = self._reachable()
                self._rest = RESTClientObject(self._configuration())
                if self._spec.verify_tls and self._spec.ca_bundle:
                    self._rest.pool_manager.connection_pool_kw["ssl_context"] = sockets.trusting()
            return self._rest

    def _reachable(self) -> str:
        """The first checked address that accepts a connection. Raises `KubeError`."""
        found = self.resolve()
        for address in found[:-1]:
            with contextlib.suppress(OSError):
                socket.create_connection((address, self.port), CONNECT_TIMEOUT).close()
                return address
        return found[-1]

    def _configuration(self) -> kubernetes.client.Configuration:
        spec = self._spec
        name = spec.tls_server_name or self.host
        configuration = kubernetes.client.Configuration(
            host=f"https://{_bracketed(self._address)}:{self.port}",
            ca_cert_data=spec.ca_bundle or None,
            # An address is no server name in TLS, but it is what the certificate must be for.
            tls_server_name=None if addresses.parse(name) else name,
            connection_pool_maxsize=4,
            proxy="",
            no_proxy="*",
            socket_options=sockets.options(),
        )
        configuration.verify_ssl = spec.verify_tls
        # Typed as a bool there; urllib3, which it is for, takes the name to check.
        configuration.assert_hostname = name if spec.verify_tls else False  # type: ignore[assignment]
        return configuration

    def _token(self) -> str:
        if not self._spec.token_file:
            return self._spec.token.strip()
        try:
            return Path(self._spec.token_file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise KubeError(
                "token_file",
                f"The token file cannot be read on this worker: {error.strerror}.",
                field="token_file",
            ) from error


def _body(response: urllib3.BaseHTTPResponse) -> bytes:
    """Read an answer and give its connection back; one that was not read to its end is of no use
    to the next request and is closed."""
    try:
        body = _read(response)
    except BaseException:
        response.close()
        raise
    response.release_conn()
    return body


def _read(response: urllib3.BaseHTTPResponse) -> bytes:
    parts: list[bytes] = []
    size, until = 0, time.monotonic() + BODY_WITHIN
    with named_errors():
        # One read of the socket at a time: a server that feeds single bytes never lets a whole
        # chunk come together, and each byte would renew the read timeout.
        while chunk := response.read1(_CHUNK, decode_content=True):
            if time.monotonic() > until:
                raise errors.bad_answer(f"one page takes longer than {BODY_WITHIN:.0f} seconds")
            size += len(chunk)
            if size > MAX_BODY:
                raise errors.bad_answer(f"more than {MAX_BODY // 1024 // 1024} MiB in one page")
            parts.append(chunk)
    return b"".join(parts)


def _refused(response: urllib3.BaseHTTPResponse) -> KubeError:
    if 300 <= response.status < 400:
        response.close()
        return errors.redirected()
    with contextlib.suppress(ValueError):
        return error_from_status(
            _body(response),
            code=response.status,
            retry_after=float(response.headers.get("Retry-After", "0")),
        )
    return error_from_status(b"", code=response.status)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
