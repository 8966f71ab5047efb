"""The driver of Envoy: it renders, and leaves the serving to our xDS server.

What it counts and refuses is what every xDS server of the house gives out (`gateways.xds`): they
render by the same book.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, ClassVar

from console.contract.wire import Resource
from gateways.drivers.base import Applied, Changes, Preview

from . import api
from .book import Book, Turned
from .listener import listener
from .settings import Settings

_MESSAGES = {
    api.LISTENERS: api.Listener,
    api.ROUTES: api.Routes,
    api.CLUSTERS: api.Cluster,
    api.ASSIGNMENTS: api.Assignment,
}


class EnvoyDriver:
    """Follows the feed beside the xDS server (`gateways.drivers.base.Driver`)."""

    pulled: ClassVar[bool] = True  # its instances say how it stands

    def __init__(self) -> None:
        self._book = Book()

    def start(self, *, epoch: int = 0) -> None:
        self._book = Book()

    def replace(self, resources: Mapping[str, Resource], keep: Collection[str] = ()) -> Applied:
        return self._applied(self._book.replace(resources))

    def apply(self, changes: Changes) -> Applied:
        return self._applied(self._book.apply(changes))

    def touch(self) -> None:
        """Envoys ask by themselves."""

    def describe(self) -> dict[str, Any]:
        return {"resources": self._book.resources}

    def _applied(self, turned: Turned) -> Applied:
        return Applied(sum(map(len, turned.values())), dict(self._book.refused))


def build(settings: Settings, secret: str) -> EnvoyDriver:
    """Make a driver; it needs no secret."""
    return EnvoyDriver()


def preview(settings: Settings, resources: Mapping[str, Resource]) -> Preview:
    book = Book()
    book.replace(resources)
    found = dict(documents(listener(settings)))
    for kind, held in book.current().items():
        for one in held.values():
            found |= documents(_MESSAGES[kind].FromString(one.body))
    return Preview(found, dict(book.refused))


def documents(message: Any) -> Iterator[tuple[str, Any]]:
    """A resource of Envoy's as documents with their names: ``cluster/upstream/…``,
    ``assignment/upstream/…``, ``listener/portolan``, and for all routes one each virtual host,
    ``host/shop.example.org``."""
    found = api.as_json(message)
    if isinstance(message, api.Routes):
        for host in found.pop("virtual_hosts", ()):
            yield f"host/{host['name']}", host
        yield f"routes/{message.name}", found
    elif isinstance(message, api.Assignment):
        yield f"assignment/{message.cluster_name}", found
    else:
        kind = "listener" if isinstance(message, api.Listener) else "cluster"
        yield f"{kind}/{message.name}", found
