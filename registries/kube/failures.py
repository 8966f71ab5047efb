"""Failures by their names: what urllib3, ssl and the API server's Status objects say, in our words
(`registries.kube.errors`)."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator

import msgspec
import urllib3

from . import errors
from .errors import KubeError


class _Cause(msgspec.Struct):
    reason: str = ""


class _Details(msgspec.Struct):
    causes: list[_Cause] | None = None
    retryAfterSeconds: float = 0  # noqa: N815 - Kubernetes' name


class _Status(msgspec.Struct):
    code: int = 0
    reason: str = ""
    message: str = ""
    details: _Details | None = None


_status_decoder = msgspec.json.Decoder(_Status)


def error_from_status(data: bytes, *, code: int = 0, retry_after: float = 0.0) -> KubeError:
    """Name what a Status body says; a body that is none counts by its HTTP `code` alone."""
    try:
        status = _status_decoder.decode(data)
    except msgspec.DecodeError:
        status = _Status()
    details = status.details or _Details()
    return errors.from_status(
        code or status.code,
        reason=status.reason,
        message=status.message,
        causes=tuple(cause.reason for cause in details.causes or ()),
        retry_after=retry_after or details.retryAfterSeconds,
    )


@contextlib.contextmanager
def named_errors(*, watching: bool = False) -> Iterator[None]:
    """Turn the failures of urllib3 and ssl into ours."""
    try:
        yield
    except urllib3.exceptions.NewConnectionError as error:
        raise KubeError("refused", "The API server does not accept connections.") from error
    except urllib3.exceptions.ConnectTimeoutError as error:
        raise KubeError("timeout", "The API server did not answer in time.") from error
    except urllib3.exceptions.ReadTimeoutError as error:
        if watching:
            raise errors.Silent("silent", "The watch went silent.") from error
        raise KubeError("timeout", "The API server stopped answering.") from error
    except (urllib3.exceptions.HTTPError, OSError, ValueError, AttributeError) as error:
        # AttributeError: urllib3's response after another thread closed it.
        if watching:
            raise errors.Cut("cut", "The watch was cut.") from error
        if isinstance(error, urllib3.exceptions.SSLError | ssl.SSLError):
            raise _tls_error(error) from error
        raise KubeError("cut", "The connection was cut.") from error


def _tls_error(error: Exception) -> KubeError:
    text = str(error)
    if "Hostname mismatch" in text or "IP address mismatch" in text or "doesn't match" in text:
        return KubeError(
            "tls_name",
            "The server's certificate is for another name; set the TLS server name to one of its.",
            field="tls_server_name",
        )
    if "certificate has expired" in text:
        return KubeError("tls_expired", "The server's certificate has expired.")
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return KubeError(
            "tls_untrusted",
            "The server's certificate is not signed by the given CA.",
            field="ca_bundle",
        )
    if "WRONG_VERSION_NUMBER" in text or "RECORD_LAYER" in text or "HTTP_REQUEST" in text:
        return KubeError("not_tls", "The server at this address does not speak TLS.")
    return KubeError("tls", "The TLS handshake with the API server failed.")
