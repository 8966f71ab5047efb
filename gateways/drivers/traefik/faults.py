"""What can go wrong at a tree's Redis, in a driver's words."""

from __future__ import annotations

from console.redis import AuthenticationError, RedisError
from gateways.drivers.base import DriverError


class Outlived(DriverError):
    """A newer driver has the tree: `epoch`."""

    def __init__(self, message: str, *, epoch: int) -> None:
        super().__init__(message, code="fenced")
        self.epoch = epoch


def fenced(epoch: int) -> Outlived:
    return Outlived(f"A newer driver (epoch {epoch}) has this gateway.", epoch=epoch)


def away(error: RedisError) -> DriverError:
    return DriverError(f"The tree's Redis does not answer: {error}", code=code_of(error))


def code_of(error: RedisError) -> str:
    if isinstance(error, AuthenticationError):
        return "unauthorized"
    text = str(error)
    return "denied" if "NOPERM" in text or "no permissions" in text else "unreachable"
