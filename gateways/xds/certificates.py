"""The server's certificate, its key and who vouches for Envoys: as the files last had them whole.

`look` takes what has changed, for connections that come from then on; streams that run are left
alone. What does not fit together changes nothing and is said.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from .access import Certificates, Refused

log = logging.getLogger(__name__)

# grpcio has no types.
grpc: Any = import_module("grpc")

EVERY = 5.0  # seconds between looks at the files

_Contents = tuple[bytes, bytes, bytes]  # certificate, key, authority


class Renewed:
    """Raises `Refused` if the files are no good at the start. `trouble`: why what they hold now is
    not used; empty: it is. `expires_at`: when the certificate that is used ends, in ms."""

    def __init__(self, files: Certificates) -> None:
        self._files = files
        self.trouble = ""
        try:
            self._used = _read(files)
            self.expires_at = _checked(self._used)
        except ValueError as error:
            raise Refused(str(error)) from error
        self._handed = self._used
        self._seen: _Contents | str = self._used

    def look(self) -> None:
        """Take what the files hold, if it changed and fits together."""
        before, why = self._seen, ""
        try:
            self._seen = found = _read(self._files)
        except ValueError as error:
            self._seen = why = str(error)
        else:
            if found != self._used:
                why = self._take(found)
        if why and self._seen != before:
            return  # perhaps it is just being written: a word only if it stays so
        if why and why != self.trouble:
            log.error("the new certificate is not used, the one before is: %s", why)
        self.trouble = why

    def credentials(self) -> Any:
        """For a server's port. gRPC asks before each handshake whether there is something new."""
        return grpc.dynamic_ssl_server_credentials(
            _configuration(self._used), self._newer, require_client_authentication=True
        )

    def _take(self, found: _Contents) -> str:
        """Return why not; empty: it was taken."""
        try:
            self.expires_at = _checked(found)
        except ValueError as error:
            return str(error)
        self._used = found
        until = datetime.fromtimestamp(self.expires_at / 1000, UTC)
        log.info("the certificate was renewed; it holds until %s", until.isoformat())
        return ""

    def _newer(self) -> Any:
        """Called by gRPC, from its own threads; None: what it has is the newest."""
        used = self._used
        if used is self._handed:
            return None
        self._handed = used
        return _configuration(used)


def _read(files: Certificates) -> _Contents:
    """Raises `ValueError`."""
    try:
        return (
            files.certificate.read_bytes(),
            files.key.read_bytes(),
            files.authority.read_bytes(),
        )
    except OSError as error:
        raise ValueError(f"{error.filename} cannot be read: {error.strerror}.") from error


def _configuration(contents: _Contents) -> Any:
    certificate, key, authority = contents
    return grpc.ssl_server_certificate_configuration([(key, certificate)], authority)


def _checked(contents: _Contents) -> int:
    """When the certificate ends, in ms. Raises `ValueError` with a sentence."""
    pem, key, authority = contents
    certificate = _parsed("certificate", lambda: x509.load_pem_x509_certificates(pem)[0])
    private = _parsed("key", lambda: serialization.load_pem_private_key(key, None))
    _parsed("authority", lambda: x509.load_pem_x509_certificates(authority))
    if private.public_key() != certificate.public_key():
        raise ValueError("The key is not the certificate's.")
    ends = certificate.not_valid_after_utc
    if ends <= datetime.now(UTC):
        raise ValueError(f"The certificate has ended on {ends.isoformat()}.")
    return int(ends.timestamp() * 1000)


def _parsed(what: str, load: Callable[[], Any]) -> Any:
    try:
        return load()
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(f"The {what} cannot be used: {error}") from error
