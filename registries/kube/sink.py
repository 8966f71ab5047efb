"""The one a reflector reports to: as small as the reflector needs it."""

from __future__ import annotations

from typing import Protocol

from .errors import KubeError
from .slices import Endpoints, EndpointSlice


class Sink(Protocol):
    """What a reflector needs of the one it reports to."""

    def doubts(self, scope: str, things: list[EndpointSlice | Endpoints]) -> bool:
        """Whether a list looks so bare that it should be read twice before it counts."""

    def replace(self, scope: str, things: list[EndpointSlice | Endpoints]) -> None:
        """Everything there is in the scope."""

    def put(self, thing: EndpointSlice | Endpoints) -> None: ...

    def drop(self, thing: EndpointSlice | Endpoints) -> None: ...

    def differences(self, scope: str, things: list[EndpointSlice | Endpoints]) -> int:
        """Count the objects in which a list of the very version that is held differs from what is
        held. There should be none, ever."""

    def alive(
        self, scope: str, *, listed: bool = False, watching: bool = False, bookmark: bool = False
    ) -> None:
        """The server answered as it should."""

    def failed(self, scope: str, error: KubeError) -> None:
        """People should hear of it."""

    def noticed(self, scope: str, error: KubeError) -> None:
        """It is only counted: what follows is in hand already."""
