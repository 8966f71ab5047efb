"""What a service-account token says about itself. Read, never trusted: only the API server can."""

from __future__ import annotations

import base64
import re

import msgspec


class _Claims(msgspec.Struct):
    exp: float = 0
    sub: str = ""


_ACCOUNT = re.compile(r"system:serviceaccount:([a-z0-9.-]+:[a-z0-9.-]+)")


def expires_at(token: str) -> int:
    """When the token ends, in milliseconds since the Unix epoch; 0 if it does not say."""
    try:
        return int(_claims(token).exp * 1000)
    except (ValueError, OverflowError):  # no date, but a number
        return 0


def account(token: str) -> str:
    """The service account that the token is for, as ``namespace:name``; empty if it does not
    say."""
    found = _ACCOUNT.fullmatch(_claims(token).sub)
    return found[1] if found else ""


def _claims(token: str) -> _Claims:
    parts = token.strip().split(".")
    if len(parts) != 3:
        return _Claims()
    try:
        body = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        return msgspec.json.decode(body, type=_Claims)
    except (ValueError, msgspec.DecodeError):
        return _Claims()
