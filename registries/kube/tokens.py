"""What a service-account token says about itself. Read, never trusted: only the API server can."""

from __future__ import annotations

import base64

import msgspec


class _Claims(msgspec.Struct):
    exp: float = 0


def expires_at(token: str) -> int:
    """When the token ends, in milliseconds since the Unix epoch; 0 if it does not say."""
    parts = token.strip().split(".")
    if len(parts) != 3:
        return 0
    try:
        claims = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        return int(msgspec.json.decode(claims, type=_Claims).exp * 1000)
    except (ValueError, msgspec.DecodeError, OverflowError):
        return 0
