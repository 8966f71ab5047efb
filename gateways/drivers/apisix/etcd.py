"""Driving an APISIX by its Admin API, which writes to etcd: one request an object that differs.

An object is always written whole: a PUT heals whatever became of it, and costs APISIX what a PATCH
of its nodes costs (both read the object from etcd, check all of it and write it). APISIX refuses a
route whose upstream is not there, and the deletion of an upstream that a route needs: upstreams are
written before routes, and deleted after them.

Thousands of objects take a while. They are written a few at a time, so that whoever drives can
bring what changed meanwhile before the rest, and it is proved each time that the gateway is still
his, at the gateway too (`fence`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from typing import Any, ClassVar, TypeVar

from console.contract.wire import Resource
from gateways.drivers.base import Applied, Changes, DriverError

from . import listing
from .admin import Api, version
from .backlog import Backlog
from .book import Book, upstreams_of
from .fence import Fence
from .listing import ROOT
from .plain import same
from .render import Objects
from .settings import Settings

_CONNECTIONS = 6
_FEW = 2  # objects that one connection writes, as quickly as more would
# Objects that one `apply` writes besides its own changes: some 20 ms, for which a change may have
# to wait.
_TURN = 12
_OWN = 60  # of its own changes; more are left, too
_LOOKS = 20  # objects that one `touch` looks at

_Found = TypeVar("_Found")


class EtcdDriver:
    """Drives one Admin API (`gateways.drivers.base.Driver`)."""

    pulled: ClassVar[bool] = False

    def __init__(self, settings: Settings, secret: str) -> None:
        self._prefix = settings.id_prefix
        self._book = Book(settings)
        self._backlog = Backlog()
        self._apis = [Api(settings.admin_url, secret) for _ in range(_CONNECTIONS)]
        self._fence = Fence(settings.id_prefix)
        self._held: Objects = {}  # what the gateway has of ours, as it was read or written
        self._said: dict[str, str] = {}  # what APISIX said of objects that it refused
        self._lingering: set[str] = set()  # upstreams that it would not delete yet
        self._looked = 0  # how far `touch` has come through the objects

    def start(self, *, epoch: int = 0) -> None:
        # Before the list: what an older driver still writes is in it.
        self._fence.take(self._apis[0], epoch)
        self._held = listing.ours(self._apis[0], self._prefix)
        self._said, self._lingering = {}, set()
        self._backlog.clear()

    def replace(self, resources: Mapping[str, Resource], keep: Collection[str] = ()) -> Applied:
        self._book.replace(resources, had=self._held, keep=keep)
        self._backlog.clear()
        self._note(self._book.objects.keys() | self._held.keys())
        return self._write(_TURN)

    def apply(self, changes: Changes) -> Applied:
        differing = set(self._book.apply(changes))
        # Routes that were refused while their upstream was not there.
        waiting = {
            name
            for name in self._said
            if upstreams_of(self._book.objects.get(name, {})) in differing
        }
        own = self._note(differing | waiting)
        return self._write(min(own, _OWN) or _TURN)

    def touch(self) -> Mapping[str, str] | None:
        """Some objects in turn are looked at: one gone, the store was emptied; else they are set
        right."""
        before = dict(self._said)
        self._set_right()
        return None if self._said == before else self._book.refusals(self._said)

    def _set_right(self) -> None:
        self._fence.prove(self._apis[0])
        self._write(self._note(set(self._lingering)))
        some = self._next()
        if not some:
            listing.one(self._apis[0], "upstreams/-")  # whether it is there at all
            return
        wrong = set()
        for name, found in self._spread(listing.one, some).items():
            if found is None:
                raise DriverError(
                    "What APISIX was given is gone: its etcd was emptied.", code="emptied"
                )
            if not same(self._held[name], found):
                self._held[name] = found
                wrong.add(name)
        self._write(self._note(wrong))

    def describe(self) -> dict[str, Any]:
        return {
            "mode": "admin",
            "release": version(self._apis[0].server),
            "resources": len(self._book),
            "objects": len(self._held),
            "refused": len(self._book.refused) + len(self._said),
            "lingering": len(self._lingering),
            "left": len(self._backlog),
        }

    def _next(self) -> list[str]:
        """The next ones of all that it has."""
        turn = islice(cycle(self._held), self._looked, None)
        some = list(islice(turn, min(_LOOKS, len(self._held))))
        self._looked = (self._looked + len(some)) % (len(self._held) or 1)
        return some

    def _note(self, candidates: Iterable[str]) -> int:
        """What differs among these names is to be written next; how many that is."""
        wanted, held = self._book.objects, self._held
        differing = set()
        for name in candidates:
            if name not in held or name not in wanted or not same(wanted[name], held[name]):
                differing.add(name)
            else:
                held[name] = wanted[name]  # one of the two suffices
                self._said.pop(name, None)
                self._lingering.discard(name)
                self._backlog.discard(name)
        return self._backlog.add(differing, wanted)

    def _write(self, most: int) -> Applied:
        """Write and delete so many of what is to be. Raises the first `DriverError`, after which it
        is unknown what became of the others."""
        wanted, written = self._book.objects, 0
        if most > 0 and self._backlog:
            self._fence.prove(self._apis[0])
        while most > 0 and (todo := self._backlog.take(most, wanted)):
            written += sum(self._spread(self._bring, todo).values())
            most -= len(todo)
        return Applied(written, self._book.refusals(self._said), len(self._backlog))

    def _spread(self, work: Callable[[Api, str], _Found], todo: Sequence[str]) -> dict[str, _Found]:
        """Do it for each name, by few connections."""

        def some(number: int) -> list[tuple[str, _Found]]:
            mine = todo[number::_CONNECTIONS]
            return [(name, work(self._apis[number], name)) for name in mine]

        if len(todo) <= _FEW:
            return {name: work(self._apis[0], name) for name in todo}

        with ThreadPoolExecutor(_CONNECTIONS) as threads:
            found = list(threads.map(some, range(_CONNECTIONS)))
        return {name: one for part in found for name, one in part}

    def _bring(self, api: Api, name: str) -> bool:
        self._fence.hold(api)
        body = self._book.objects.get(name)
        if body is None:
            return self._delete(api, name)
        return self._put(api, name, body)

    def _put(self, api: Api, name: str, body: dict[str, Any]) -> bool:
        answer = api.ask("PUT", f"{ROOT}/{name}", body)
        if answer.status in (200, 201):
            self._held[name] = body
            self._said.pop(name, None)
            self._lingering.discard(name)
            return True
        if answer.status == 404:
            raise listing.no_admin_api(api)
        # What it was before stays there.
        self._said[name] = answer.word
        return False

    def _delete(self, api: Api, name: str) -> bool:
        self._said.pop(name, None)
        if name not in self._held:
            return False
        answer = api.ask("DELETE", f"{ROOT}/{name}")
        if answer.status in (200, 404):
            self._held.pop(name, None)
            self._lingering.discard(name)
            return True
        # Still in use: by a route of someone else, or as this worker of APISIX has not heard yet of
        # the route's end. It harms nobody, and is tried again.
        self._lingering.add(name)
        return False
