"""A registry's services as a sequence, so that they are paged like rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from console.contract import wire
from registries import catalogue


class Services(Sequence[wire.Service]):
    """Reads from Redis only what is asked for. Raises `RedisError`."""

    def __init__(self, registry_id: str, *, namespace: str, search: str) -> None:
        self._registry_id = registry_id
        self._namespace = namespace
        self._search = search

    def __len__(self) -> int:
        return self._page(0, 0).total

    @overload
    def __getitem__(self, index: int) -> wire.Service: ...
    @overload
    def __getitem__(self, index: slice) -> list[wire.Service]: ...
    def __getitem__(self, index: int | slice) -> wire.Service | list[wire.Service]:
        if isinstance(index, int):
            return self._page(index, 1).services[0]
        start, stop = index.start or 0, index.stop
        return self._page(start, stop - start).services

    def _page(self, offset: int, limit: int) -> catalogue.Page:
        return catalogue.page(
            self._registry_id,
            namespace=self._namespace,
            search=self._search,
            offset=offset,
            limit=limit,
        )
