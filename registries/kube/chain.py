"""The certificates that a server shows, read for people before anything is trusted.

They come by a handshake of its own that verifies nobody and sends nothing: Python gives no
certificates of a server that it has refused. What is shown here is as good as the server that
shows it; whoever wants to trust it has to compare a fingerprint by another way.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization

_MOST = 10  # certificates of one chain that are worth showing
_LONGEST = 200  # characters of a name
_NAMES = 30  # names of one certificate
# What hostile certificates raise when they are read.
_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate as it describes itself: hostile text. `fingerprint` is the SHA-256 in
    hexadecimal pairs, as openssl prints it; `names` are what it is for."""

    subject: str
    issuer: str
    begins: datetime
    ends: datetime
    fingerprint: str
    names: tuple[str, ...]
    authority: bool
    pem: str

    @property
    def current(self) -> bool:
        return self.begins <= datetime.now(UTC) <= self.ends


def fetch(address: str, port: int, *, name: str, within: float) -> list[bytes]:
    """The chain of the server at an address, its own certificate first, in DER. `name` is what it
    is asked for, empty for none. Raises `OSError` (`ssl.SSLError` among them)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((address, port), within) as plain,
        context.wrap_socket(plain, server_hostname=name or None) as secure,
    ):
        return _chain_of(secure)[:_MOST]


def _chain_of(secure: ssl.SSLSocket) -> list[bytes]:
    """All certificates where Python tells, in public since 3.13; else the server's own."""
    if hasattr(secure, "get_unverified_chain"):
        return list(secure.get_unverified_chain())
    inner: Any = getattr(secure, "_sslobj", None)
    if hasattr(inner, "get_unverified_chain"):
        texts = [one.public_bytes() for one in inner.get_unverified_chain() or ()]
        return [ssl.PEM_cert_to_DER_cert(text) for text in texts]
    own = secure.getpeercert(binary_form=True)
    return [own] if own else []


def read(chain: Sequence[bytes]) -> tuple[Certificate, ...]:
    """What the certificates say; those that cannot be read are left out."""
    found = []
    for der in chain:
        with contextlib.suppress(*_UNREADABLE):
            found.append(_read(x509.load_der_x509_certificate(der)))
    return tuple(found)


def read_pem(pem: str) -> tuple[Certificate, ...]:
    """What certificates in PEM say; those that cannot be read are left out."""
    try:
        found = x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        return ()
    return read([one.public_bytes(serialization.Encoding.DER) for one in found])


def anchor(chain: Sequence[bytes]) -> str:
    """The PEM of the certificate to trust, if one wants to trust this chain: the last one that is
    reached from the server's own by going from issuer to issuer. A server that shows nothing but
    its own is trusted by that one, until it is renewed."""
    certificates = []
    for der in chain:
        with contextlib.suppress(*_UNREADABLE):
            certificates.append(x509.load_der_x509_certificate(der))
    if not certificates:
        return ""
    last, *others = certificates
    while True:
        issuer = next((one for one in others if _issued(last, one)), None)
        if issuer is None:
            return last.public_bytes(serialization.Encoding.PEM).decode()
        others.remove(issuer)
        last = issuer


def _issued(certificate: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(by)
    except (InvalidSignature, *_UNREADABLE):
        return False
    return True


def _read(one: x509.Certificate) -> Certificate:
    pairs = one.fingerprint(hashes.SHA256()).hex(":").upper()
    return Certificate(
        subject=_name(one.subject),
        issuer=_name(one.issuer),
        begins=one.not_valid_before_utc,
        ends=one.not_valid_after_utc,
        fingerprint=pairs,
        names=_names(one),
        authority=_authority(one),
        pem=one.public_bytes(serialization.Encoding.PEM).decode(),
    )


def _name(name: x509.Name) -> str:
    return name.rfc4514_string()[:_LONGEST]


def _names(one: x509.Certificate) -> tuple[str, ...]:
    try:
        found = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, *_UNREADABLE):
        return ()
    names = [
        *found.get_values_for_type(x509.DNSName),
        *(str(address) for address in found.get_values_for_type(x509.IPAddress)),
    ]
    return tuple(name[:_LONGEST] for name in names[:_NAMES])


def _authority(one: x509.Certificate) -> bool:
    try:
        return one.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, *_UNREADABLE):
        return False
