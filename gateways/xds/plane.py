"""A control plane as Envoys are told of it: one reader of its feed, one book, in one thread.

What changed is handed to the event loop, which owns what is shown (`held`) and wakes the streams.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import queue
import random
import threading
from collections.abc import Callable, Mapping

from console.contract import keys
from console.feed import FeedReader, follow
from console.redis import Client, RedisError
from gateways.drivers.envoy import api
from gateways.drivers.envoy.book import Book, Turned
from gateways.drivers.envoy.named import Named
from gateways.driving.decoding import Decoder
from gateways.lastforms import LastForms

log = logging.getLogger(__name__)

_WAIT = 0.2  # seconds; the longest time until an Envoy's refusal is looked at
_PAUSE = (0.2, 1.0)  # seconds between looks at a Redis that is away
_LONGEST_PAUSE = 60.0  # seconds between tries to read all anew; the first ones are shorter


class Plane:
    """`call` runs a function on the event loop, `tell` is run there with the names that turned."""

    def __init__(
        self,
        control_plane_id: str,
        connect: Callable[[], Client],
        call: Callable[[Callable[[], None]], None],
        tell: Callable[[Plane, int, Mapping[str, set[str]]], None],
    ) -> None:
        self.id = control_plane_id
        self.known = asyncio.Event()  # the control plane was compiled, if only long ago
        self.update = 0
        self.positions: list[tuple[int, str]] = [(0, "")]  # update → position in the feed
        self.banned: Mapping[str, str] = {}
        self.held: dict[str, dict[str, Named]] = {
            kind: {} for kind in (api.CLUSTERS, api.ASSIGNMENTS, api.ROUTES)
        }
        self.book = Book()
        self._decoder = Decoder()
        self._connect = connect
        self._call = call
        self._tell = tell
        self._heard: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._begun = False
        self._told = ""  # the newest position handed over
        self._thread = threading.Thread(target=self._run, name=f"plane {self.id}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def join(self) -> None:
        self._thread.join(10)

    def hear(self, version: str, refused: str) -> None:
        """What an Envoy said of the routes of a version: why it refuses them; empty: it took
        them."""
        self._heard.put((version, refused))

    def position_of(self, update: int) -> str:
        """Where in the feed an Envoy is that has confirmed this update; on the event loop."""
        return next((at for number, at in reversed(self.positions) if number <= update), "")

    def _run(self) -> None:
        client = self._connect()
        reader, forms = self._begin(client)
        synced, failed = False, 0
        while not self._stop.is_set():
            try:
                if not synced:
                    reader.sync()
                    synced = True
                self._step(reader, forms)
                failed = 0
                follow(client, [reader], block=_WAIT)
            except RedisError as error:
                log.warning("control plane %s: Redis is away: %s", self.id, error)
                self._stop.wait(random.uniform(*_PAUSE))  # noqa: S311 - so that not all come at once
            except Exception:  # the outermost loop: what Envoys have stays
                log.exception("control plane %s: its feed could not be followed", self.id)
                # Half of a change may be in the book, and what was taken is not told again.
                reader, forms = self._begin(client)
                gc.unfreeze()  # so that the book of before can go
                synced = False
                self._stop.wait(min(2.0 ** min(failed, 10), _LONGEST_PAUSE))
                failed += 1
        client.close()

    def _begin(self, client: Client) -> tuple[FeedReader, LastForms]:
        """Know nothing; what Envoys are shown stays until all has been read."""
        self.book, self._decoder, self._begun = Book(), Decoder(), False
        reader = FeedReader(client, keys.feed(keys.control_plane(self.id)))
        return reader, LastForms(client, self.id, "envoy")

    def _step(self, reader: FeedReader, forms: LastForms) -> None:
        if not reader.known:
            return
        turned: Turned = {}
        first = not self._begun
        before = forms.begin() if first else {}
        states = reader.take()
        if before:
            had = {key: state for key, state in before.items() if states.get(key)}
            self.book.apply(self._decoder.decode(had))
        if states or first:
            turned = self.book.apply(self._decoder.decode(states))
        self._begun = True
        if first:
            # What is read at the start stays as a rule: looking through it again and again for
            # garbage would hold up changes by hundreds of milliseconds.
            gc.collect()
            gc.freeze()
        while not self._heard.empty():
            version, refused = self._heard.get()
            found = (
                self.book.routes_refused(version, refused)
                if refused
                else self.book.routes_taken(version)
            )
            _join(turned, found)
        position, banned = str(reader.position), dict(self.book.banned)
        if first:
            whole = self.book.current()
            self._call(lambda: self._show(self._other_than(whole), position, banned))
        elif any(turned.values()) or position != self._told:
            self._call(lambda: self._show(turned, position, banned))
        self._told = position
        if states or forms.behind:
            forms.note(states, self.book.refused.keys() | self._decoder.unreadable.keys())

    def _other_than(self, whole: Mapping[str, Mapping[str, Named]]) -> Turned:
        """What differs in it from what is shown; on the event loop."""
        return {
            kind: {
                name: whole[kind].get(name)
                for name in held.keys() | whole[kind]
                if _version(held.get(name)) != _version(whole[kind].get(name))
            }
            for kind, held in self.held.items()
        }

    def _show(self, turned: Turned, position: str, banned: Mapping[str, str]) -> None:
        """On the event loop."""
        self.known.set()
        self.update += 1
        self.positions = [*self.positions[-200:], (self.update, position)]
        self.banned = banned
        for kind, names in turned.items():
            held = self.held[kind]
            for name, now in names.items():
                if now is None:
                    held.pop(name, None)
                else:
                    held[name] = now
        self._tell(self, self.update, {kind: set(names) for kind, names in turned.items()})


def _version(one: Named | None) -> str:
    return one.version if one else ""


def _join(turned: Turned, more: Turned) -> None:
    for kind, names in more.items():
        turned.setdefault(kind, {}).update(names)
