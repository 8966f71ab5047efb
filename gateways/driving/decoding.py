"""Reading resources of a feed: one that cannot be read is named and holds up no other."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from console.contract import wire
from gateways.drivers.base import gettext_noop
from gateways.drivers.reasons import Reason

_UNREADABLE = gettext_noop("%(key)s cannot be read: %(error)s")


class Decoder:
    """`unreadable` names, by state keys, what could not be read the last time that it came."""

    def __init__(self) -> None:
        self.unreadable: dict[str, str] = {}

    def decode(self, states: Mapping[str, bytes | None]) -> dict[str, wire.Resource | None]:
        """Without those that cannot be read: what the gateway has of them stays."""
        resources: dict[str, wire.Resource | None] = {}
        for key, state in states.items():
            self.unreadable.pop(key, None)
            try:
                resources[key] = wire.decode_resource(state) if state else None
            except (msgspec.DecodeError, RecursionError) as error:
                self.unreadable[key] = Reason(_UNREADABLE, {"key": key, "error": error})
        return resources
