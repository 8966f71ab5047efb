"""Driving an APISIX by its Admin API, which writes to etcd: one request an object that differs.

An object is always written whole: a PUT heals whatever became of it, and costs APISIX what a PATCH
of its nodes costs (both read the object from etcd, check all of it and write it). APISIX refuses a
route whose upstream is not there, and the deletion of an upstream that a route needs: upstreams are
written before routes, and deleted after them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, ClassVar

from console.contract.wire import Resource
from gateways.drivers.base import Applied, Changes, DriverError

from . import listing, names
from .admin import Api, version
from .book import Book, upstreams_of
from .listing import ROOT
from .plain import plain, same
from .render import Objects
from .settings import Settings

_CONNECTIONS = 6
_FEW = 8  # objects that one connection writes, as quickly as more would


class EtcdDriver:
    """Drives one Admin API (`gateways.drivers.base.Driver`)."""

    pulled: ClassVar[bool] = False

    def __init__(self, settings: Settings, secret: str) -> None:
        self._prefix = settings.id_prefix
        self._book = Book(settings)
        self._apis = [Api(settings.admin_url, secret) for _ in range(_CONNECTIONS)]
        self._held: Objects = {}  # what the gateway has of ours, as it was read or written
        self._said: dict[str, str] = {}  # what APISIX said of objects that it refused
        self._lingering: set[str] = set()  # upstreams that it would not delete yet
        self._looked = 0  # how far `touch` has come through the objects

    def start(self, *, epoch: int = 0) -> None:
        self._held = listing.ours(self._apis[0], self._prefix)
        self._said, self._lingering = {}, set()

    def replace(self, resources: Mapping[str, Resource]) -> Applied:
        self._book.replace(resources, had=self._held)
        return self._follow(self._book.objects.keys() | self._held.keys())

    def apply(self, changes: Changes) -> Applied:
        differing = set(self._book.apply(changes))
        # Routes that were refused while their upstream was not there.
        waiting = {
            name
            for name in self._said
            if upstreams_of(self._book.objects.get(name, {})) in differing
        }
        return self._follow(differing | waiting)

    def touch(self) -> None:
        """One object in turn is looked at: gone, the store was emptied; else it is set right."""
        self._follow(set(self._lingering))
        name = self._next()
        if name is None:
            listing.listed(self._apis[0], "upstreams")
            return
        found = listing.one(self._apis[0], name)
        if found is None:
            raise DriverError(
                "What APISIX was given is gone: its etcd was emptied.", code="emptied"
            )
        if not same(self._held[name], found):
            self._held[name] = found
            self._follow({name})

    def describe(self) -> dict[str, Any]:
        return {
            "mode": "admin",
            "release": version(self._apis[0].server),
            "resources": len(self._book),
            "objects": len(self._held),
            "refused": len(self._book.refused) + len(self._said),
            "lingering": len(self._lingering),
        }

    def _next(self) -> str | None:
        if not self._held:
            return None
        self._looked = (self._looked + 1) % len(self._held)
        return next(islice(self._held, self._looked, None))

    def _follow(self, candidates: Iterable[str]) -> Applied:
        """Write and delete what differs among these names."""
        wanted = self._book.objects
        puts: dict[str, list[str]] = {kind: [] for kind in names.KINDS}
        gone: dict[str, list[str]] = {kind: [] for kind in names.KINDS}
        for name in sorted(candidates):
            if name not in wanted:
                self._said.pop(name, None)
                self._lingering.discard(name)
                if name in self._held:
                    gone[names.kind_of(name)].append(name)
            elif name not in self._held or not same(wanted[name], self._held[name]):
                puts[names.kind_of(name)].append(name)
            else:
                self._said.pop(name, None)
        written = self._each(self._put, puts["upstreams"]) + self._each(self._put, puts["routes"])
        written += self._each(self._delete, gone["routes"])
        written += self._each(self._delete, gone["upstreams"])
        return Applied(written, self._book.refusals(self._said))

    def _each(self, write: Callable[[Api, str], bool], todo: list[str]) -> int:
        """Write these by few connections; how many were. Raises the first `DriverError`, after
        which it is unknown what became of the others."""
        if len(todo) <= _FEW:
            return sum(write(self._apis[0], name) for name in todo)

        def some(number: int) -> int:
            return sum(write(self._apis[number], name) for name in todo[number::_CONNECTIONS])

        with ThreadPoolExecutor(_CONNECTIONS) as threads:
            return sum(threads.map(some, range(_CONNECTIONS)))

    def _put(self, api: Api, name: str) -> bool:
        body = self._book.objects[name]
        answer = api.ask("PUT", f"{ROOT}/{name}", body)
        if answer.status in (200, 201):
            self._held[name] = plain(names.kind_of(name), body)
            self._said.pop(name, None)
            return True
        if answer.status == 404:
            raise listing.no_admin_api(api)
        # What it was before stays there.
        self._said[name] = answer.word
        return False

    def _delete(self, api: Api, name: str) -> bool:
        answer = api.ask("DELETE", f"{ROOT}/{name}")
        if answer.status in (200, 404):
            self._held.pop(name, None)
            return True
        # Still in use: by a route of someone else, or as this worker of APISIX has not heard yet of
        # the route's end. It harms nobody, and is tried again.
        self._lingering.add(name)
        return False
