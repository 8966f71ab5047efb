"""What a gateway serves otherwise than it was given, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from console.contract.wire import Resource
from gateways.diffing.serving import Difference, Differing, differences
from gateways.drivers.base import Served

MOST = 50  # differences that are told of
_NAMED = 8  # addresses of each


def compared(
    compiled: Mapping[str, Resource], served: Served, left_out: Collection[str]
) -> dict[str, str]:
    """State key → what is different, by key; `left_out` are keys that are no fault: refused ones,
    and ones that changed while the gateway was asked."""
    found = differences(compiled, served, left_out)
    told = [one for one in found if one.key not in left_out]
    return {one.key: sentence(one) for one in told[:MOST]}


def sentence(one: Difference) -> str:
    if one.what is Differing.STRANGE:
        more = f" ({_few(one.extra)})" if one.extra else ""
        return f"The gateway has it although it is gone{more}."
    if one.what is Differing.ABSENT and not one.missing:
        return "The gateway does not have it: unknown route."
    if one.what is Differing.ABSENT:
        return f"The gateway does not have it: missing {_few(one.missing)}."
    parts = [f"missing {_few(one.missing)}"] if one.missing else []
    if one.extra:
        parts.append(f"too many {_few(one.extra)}")
    return f"Other nodes are served: {'; '.join(parts)}."


def _few(addresses: tuple[str, ...]) -> str:
    more = f" and {len(addresses) - _NAMED} more" if len(addresses) > _NAMED else ""
    return ", ".join(addresses[:_NAMED]) + more
