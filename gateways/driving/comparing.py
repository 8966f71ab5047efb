"""What a gateway serves otherwise than it was given, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from console.contract.wire import Resource
from gateways.diffing.serving import Difference, Differing, differences
from gateways.drivers.base import Served, gettext_noop
from gateways.drivers.reasons import Reason

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


def sentence(one: Difference) -> Reason:
    said = {"missing": _few(one.missing), "extra": _few(one.extra)}
    return Reason(_text(one), {name: value for name, value in said.items() if value})


def _text(one: Difference) -> str:
    if one.what is Differing.STRANGE and one.extra:
        return gettext_noop("The gateway has it although it is gone (%(extra)s).")
    if one.what is Differing.STRANGE:
        return gettext_noop("The gateway has it although it is gone.")
    if one.what is Differing.ABSENT and not one.missing:
        return gettext_noop("The gateway does not have it: unknown route.")
    if one.what is Differing.ABSENT:
        return gettext_noop("The gateway does not have it: missing %(missing)s.")
    if not one.extra:
        return gettext_noop("Other nodes are served: missing %(missing)s.")
    if not one.missing:
        return gettext_noop("Other nodes are served: too many %(extra)s.")
    return gettext_noop("Other nodes are served: missing %(missing)s; too many %(extra)s.")


def _few(addresses: tuple[str, ...]) -> str:
    more = f", … (+{len(addresses) - _NAMED})" if len(addresses) > _NAMED else ""
    return ", ".join(addresses[:_NAMED]) + more
