"""Driving Traefik's REST provider: one document, pushed whole at each change.

It is the quickest of Traefik's ways in: what comes here is decoded by Go's own JSON decoder, and
nothing is asked for or waited for. It is not the default, as who reaches this provider sets every
route. Of it it helps to know:

* Nothing is filled in (`defaults`).
* Traefik answers when it has decoded; it applies the newest of what came meanwhile.
* It forgets everything when it is restarted. A middleware that no router uses, the mark, says which
  document it has and whose: the epoch of its driver.
* It compares nothing: a paused driver is shut out by looking at the mark right before each push. A
  newer driver finds what slipped through between the two by the same mark, and pushes again.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus
from typing import Any, ClassVar

import msgspec

from console.contract.wire import Resource
from gateways.drivers.base import Applied, Changes, Outlived

from . import document, names, telling
from .api import Api
from .book import Book
from .defaults import whole
from .render import render
from .settings import REST, Settings

PUSH = "/api/providers/rest"
_MARK = f"/api/http/middlewares/{names.MARK}@{REST}"
_PLACE = f"http/middlewares/{names.MARK}"
_BLANK = b"\0"  # never in JSON
# Traefik decodes, and copies what it decoded, before it answers: seconds if there is very much.
_TIMEOUT = 20.0
# Seconds for each resource until Traefik, which builds everything anew from a document, serves it:
# 0.13 at 1,000 services with a route each, 1.0 at 5,000 (docs/gateways/traefik.md).
READING = 0.0001


class Mark(msgspec.Struct, frozen=True):
    """Which document Traefik has; both empty: none of ours."""

    epoch: str = msgspec.field(default="", name="Portolan-Epoch")
    digest: str = msgspec.field(default="", name="Portolan-Document")


class RestDriver:
    """Drives one Traefik (`gateways.drivers.base.Driver`)."""

    pulled: ClassVar[bool] = False

    def __init__(
        self, settings: Settings, secret: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._api = Api(settings.api_url, secret, timeout=_TIMEOUT)
        self._book = Book(lambda resource: render(resource, entry_points=settings.entry_points))
        self._texts: dict[str, str] = {}
        self._epoch = 0
        self._clock = clock
        self._digested_at = clock()  # when the last push is used, as it is reckoned

    def start(self, *, epoch: int = 0) -> None:
        self._epoch = epoch
        if not is_on(self._api):
            raise self._api.off()
        self._refuse_newer(self._mark())

    def replace(self, resources: Mapping[str, Resource], keep: Collection[str] = ()) -> Applied:
        self._book.replace(resources, had={})
        if self._book.refused or keep:  # what Traefik has is needed for their last good form only
            self._book.replace(resources, had=telling.objects(self._api, REST), keep=keep)
        self._texts = {place: _text(one) for place, one in self._book.objects.items()}
        written = len(self._texts) if self._push() else 0
        return self._applied(written)

    def apply(self, changes: Changes) -> Applied:
        differences = self._book.apply(changes)
        for place, found in differences.items():
            if found is None:
                self._texts.pop(place, None)
            else:
                self._texts[place] = _text(found)
        if differences:
            self._push()
        return self._applied(len(differences))

    def touch(self) -> None:
        # Until it uses the last push it shows the mark of the one before.
        if self._clock() >= self._digested_at:
            self._push()

    def describe(self) -> dict[str, Any]:
        return {
            "provider": REST,
            "resources": len(self._book),
            "objects": len(self._book.objects),
            "refused": len(self._book.refused),
        }

    def _applied(self, written: int) -> Applied:
        rest = self._digesting if written else 0.0
        return Applied(written, dict(self._book.refused), rest=rest)

    @property
    def _digesting(self) -> float:
        """Seconds that Traefik needs for a document of all that there is now."""
        return READING * len(self._book)

    def _push(self) -> bool:
        """Make Traefik have the document; False: it has it already."""
        content, digest = self._document()
        wanted = Mark(str(self._epoch), digest)
        found = self._mark()
        if found == wanted:
            return False
        self._refuse_newer(found)
        self._api.put(PUSH, content)
        self._digested_at = self._clock() + self._digesting
        return True

    def _document(self) -> tuple[bytes, str]:
        said = msgspec.to_builtins(Mark(str(self._epoch), "BLANK"))
        mark = document.text({"headers": {"customRequestHeaders": said}})
        texts = {**self._texts, _PLACE: mark.replace("BLANK", _BLANK.decode())}
        content = document.join(texts)
        digest = hashlib.blake2b(content, digest_size=8).hexdigest()
        return content.replace(_BLANK, digest.encode(), 1), digest

    def _mark(self) -> Mark:
        said = self._api.get(_MARK)
        try:
            return msgspec.convert(said["headers"]["customRequestHeaders"], Mark)
        except (KeyError, TypeError, msgspec.ValidationError):
            return Mark()  # it has none of ours

    def _refuse_newer(self, found: Mark) -> None:
        epoch = int(found.epoch) if found.epoch.isdecimal() else 0
        if self._epoch and epoch > self._epoch:
            raise Outlived(epoch)


def is_on(api: Api) -> bool:
    """Whether a Traefik has its REST provider: nothing else knows this address, and it takes
    nothing but a PUT. Raises `DriverError`."""
    return api.status(PUSH) == HTTPStatus.METHOD_NOT_ALLOWED


def _text(said: Mapping[str, Any]) -> str:
    return document.text(whole(said))
