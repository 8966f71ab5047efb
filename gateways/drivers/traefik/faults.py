"""What can go wrong at a tree's Redis, in a driver's words."""

from __future__ import annotations

from console.redis import AuthenticationError, RedisError
from gateways.drivers.base import DriverError


def away(error: RedisError) -> DriverError:
    return DriverError(f"The tree's Redis does not answer: {error}", code=code_of(error))


def code_of(error: RedisError) -> str:
    if isinstance(error, AuthenticationError):
        return "unauthorized"
    text = str(error)
    return "denied" if "NOPERM" in text or "no permissions" in text else "unreachable"
