"""The document of one gateway, as this process last made it.

Whoever asks may wait for the next one: of those who wait one follows the feed for all, so that
nothing runs while nobody asks. A commit costs the objects that it changed and one joining of texts.
While Redis is away the last document stays.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from console.contract import keys
from console.feed import FeedReader, States, follow
from console.redis import Client, RedisError
from gateways.drivers.traefik import document
from gateways.drivers.traefik.book import Book
from gateways.drivers.traefik.render import render
from gateways.driving.decoding import Decoder
from gateways.driving.ledger import Ledger
from gateways.lastforms import LastForms

log = logging.getLogger(__name__)

_STEP = 1.0  # seconds; the longest that one reading of the feed waits
_AWAY = 0.5  # seconds between two tries while Redis is away
_LONGEST_REST = 60.0  # seconds between two tries to read all anew; the first ones are shorter


@dataclass(frozen=True, slots=True)
class Page:
    """A document: its bytes, their name, the feed's position that it is of, and when the newest
    change that led to it was read from an API server (0: it was the first one, or somebody's
    edit)."""

    body: bytes
    etag: str
    position: str
    observed_at: int = 0


class Desk:
    def __init__(
        self,
        client: Client,
        control_plane_id: str,
        *,
        entry_points: list[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._control_plane_id = control_plane_id
        self._entry_points = entry_points
        self._clock = clock
        self._page: Page | None = None
        self._failed = 0
        self._rests_until = 0.0
        self._ledger = Ledger()  # which knows after a failure too what was a change
        self._begin()
        self._turn = threading.Condition()
        self._led = False
        self.asked = clock()

    def page(self, *, but: str = "", wait: float = 0.0) -> Page | None:
        """The document, as soon as it is another than `but`, or what there is after `wait` seconds;
        None: nothing was ever compiled, or Redis has been away since this process began."""
        self.asked = self._clock()
        end = self.asked + wait
        looked = False
        with self._turn:
            while True:
                if looked and self._page is not None and self._page.etag != but:
                    return self._page
                left = end - self._clock()
                if looked and left <= 0:
                    return self._page
                if self._led:
                    self._turn.wait(min(_STEP, max(left, 0.001)))
                    looked = True
                    continue
                self._led = True
                self._turn.release()
                try:
                    self._follow(min(_STEP, left) if looked else 0.001)
                finally:
                    self._turn.acquire()
                    self._led = False
                    looked = True
                    self._turn.notify_all()

    def _begin(self) -> None:
        """Know nothing; the page stays until all has been read."""
        self._reader = FeedReader(
            self._client, keys.feed(keys.control_plane(self._control_plane_id))
        )
        self._forms = LastForms(self._client, self._control_plane_id, "traefik")
        self._decoder = Decoder()
        self._book = Book(lambda resource: render(resource, entry_points=self._entry_points))
        self._texts = {place: document.text(one) for place, one in self._book.objects.items()}
        self._begun = False

    def _follow(self, block: float) -> None:
        rest = self._rests_until - self._clock()
        if rest > 0:
            time.sleep(min(rest, max(block, 0.001)))
            return
        try:
            if self._reader.known:
                follow(self._client, [self._reader], block=max(block, 0.001))
            else:
                self._reader.sync()
                if not self._reader.known:
                    time.sleep(max(block, 0.001))
            if self._reader.known:
                self._absorb()
            self._failed = 0
        except RedisError as error:
            log.warning("a gateway's document stays as it is: Redis: %s", error)
            time.sleep(min(_AWAY, max(block, 0.001)))
        except Exception:  # a change that breaks us must not keep the last document from anybody
            log.exception("a gateway's document stays as it is, and all is read anew")
            # Half of a change may be in the book, and what was taken is not told again.
            self._begin()
            self._rests_until = self._clock() + min(2.0 ** min(self._failed, 10), _LONGEST_REST)
            self._failed += 1

    def _absorb(self) -> None:
        before = {} if self._begun else self._forms.begin()
        taken = self._reader.take()
        self._turn_page({key: one for key, one in before.items() if taken.get(key)}, taken)
        self._begun = True
        if taken or self._forms.behind:
            self._forms.note(taken, self._book.refused.keys() | self._decoder.unreadable.keys())

    def _turn_page(self, forms: Mapping[str, bytes], taken: States) -> None:
        """`forms` are what was given of these before now, if this is the first page."""
        position = str(self._reader.position)
        before = self._page
        if before is not None and self._begun and not taken:
            if before.position != position:
                self._page = Page(before.body, before.etag, position, before.observed_at)
            return
        had = self._decoder.decode(forms)
        changes = self._decoder.decode(taken)
        turned = {**self._book.apply(had), **self._book.apply(changes)}
        for place, found in turned.items():
            if found is None:
                self._texts.pop(place, None)
            else:
                self._texts[place] = document.text(found)
        body = document.join(self._texts)
        etag = hashlib.blake2b(body, digest_size=16).hexdigest()
        real = self._ledger.real(changes)
        observed = max((one.observed_at for one in real.values()), default=0)
        self._page = Page(body, etag, position, observed if before is not None else 0)
