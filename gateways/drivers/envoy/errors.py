"""What this kind of gateway cannot express."""

from __future__ import annotations


class Unsupported(ValueError):
    """Envoy cannot express the resource, or would refuse it."""


# What rendering one resource may raise, whatever somebody wrote into it (an expression of hundreds
# of brackets ends in a RecursionError): that one is named, and the others go on.
UNRENDERED = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)


def reason(name: str, error: Exception) -> str:
    """Why the resource of this name cannot be had."""
    if isinstance(error, ValueError | TypeError):
        return f"{name}: {error}"
    return f"{name}: {type(error).__name__}: {error}"
