"""Traefik 3, by one of four of its providers: its REST provider, which is pushed one document; a
tree of keys in Redis that Traefik follows by keyspace events; our console by HTTP
(`gateways.serving`); or a file.

`render` says which of Traefik's objects a resource becomes (pure), `book` keeps them, `keys` and
`document` say how a tree or a document holds them, `driver`, `rest`, `file` and `pulled` bring them
there.

Of Traefik's Redis provider it helps to know that it reads the whole tree at every event, all names
in many steps and then all values in one, and applies what it read at once:

* All keys of one change go in one step: no reader sees a half of it.
* The tree has a database of its own, as Traefik scans all of it.
* The server's keyspace events are checked at start: without them Traefik reads once and never
  again. With ``Kh`` a change of any number of keys is one event: the HSET of ``~portolan``, a hash
  outside of all that Traefik decodes, which also holds the epoch of the tree's writer.
* The tree is never empty: Traefik would pass an empty one over and go on with the last.
* Every upstream keeps a key besides its servers, so that no nodes means 503 and not 404.
"""

from __future__ import annotations

from collections.abc import Mapping

from console import redis
from console.contract.wire import Resource
from gateways.drivers.base import Driver, Preview, Reader
from gateways.drivers.folders import permitted_file

from . import keys
from .book import Book
from .check import check
from .driver import TraefikDriver
from .file import FileDriver
from .joining import joining
from .pulled import PulledDriver
from .reader import TraefikReader
from .render import Objects, render, unsupported
from .rest import RestDriver
from .settings import FILE, HTTP, REDIS, REST, Settings, with_password
from .tree import Tree

__all__ = [
    "Settings",
    "TraefikDriver",
    "build",
    "check",
    "joining",
    "preview",
    "reader",
    "unsupported",
]


def build(settings: Settings, secret: str) -> Driver:
    """Make a driver. The secret is ``password`` or ``user:password`` of the tree's Redis, what
    a Traefik shows that comes by HTTP, or by REST what its API asks for: ``user:password`` or a
    token. Raises `BadSetting`."""
    if settings.provider == REST:
        return RestDriver(settings, secret)
    if settings.provider == HTTP:
        return PulledDriver(entry_points=settings.entry_points)
    if settings.provider == FILE:
        return FileDriver(permitted_file(settings.file), entry_points=settings.entry_points)
    tree = Tree(redis.connect(with_password(settings.redis_url, secret)), settings.root_key)
    return TraefikDriver(tree, entry_points=settings.entry_points)


def preview(settings: Settings, resources: Mapping[str, Resource]) -> Preview:
    """Keys of the tree, or objects of the document. Pure."""
    tree = settings.provider == REDIS

    def rendered(resource: Resource) -> Objects:
        objects = render(resource, entry_points=settings.entry_points)
        if tree:
            keys.flatten(objects)  # raises what a tree cannot hold
        return objects

    book = Book(rendered)
    book.apply(resources)
    documents = keys.flatten(book.objects) if tree else book.objects
    return Preview(dict(sorted(documents.items())), dict(book.refused))


def reader(settings: Settings, secret: str) -> Reader:
    """Make what asks a gateway."""
    return TraefikReader(settings, secret)
