"""Apache APISIX 2.15 and 3: routes and upstreams by its Admin API or by a file.

`render` says which of APISIX's objects a resource becomes (pure), `book` keeps them, `etcd`,
`standalone` and `file` bring them there, one for each mode. Objects are found again by their ids
and a label (`names`) and compared as `plain` makes them.
"""

from __future__ import annotations

from collections.abc import Mapping

from console.contract.wire import Resource
from gateways.drivers.base import Driver, Preview, Reader
from gateways.drivers.folders import permitted_file

from .book import Book
from .check import check
from .etcd import EtcdDriver
from .file import FileDriver
from .joining import joining
from .reader import ApisixReader
from .settings import ADMIN, STANDALONE, Settings
from .standalone import StandaloneDriver

__all__ = ["Settings", "build", "check", "joining", "preview", "reader"]


def build(settings: Settings, secret: str) -> Driver:
    """Make a driver. The secret is the key of the Admin API. Raises `BadSetting`."""
    if settings.mode == ADMIN:
        return EtcdDriver(settings, secret)
    if settings.mode == STANDALONE:
        return StandaloneDriver(settings, secret)
    return FileDriver(settings, permitted_file(settings.file))


def preview(settings: Settings, resources: Mapping[str, Resource]) -> Preview:
    """Objects by their paths below the Admin API. Pure."""
    book = Book(settings)
    book.apply(resources)
    return Preview(dict(sorted(book.objects.items())), dict(book.refused))


def reader(settings: Settings, secret: str) -> Reader:
    """Make what asks a gateway."""
    return ApisixReader(settings, secret)
