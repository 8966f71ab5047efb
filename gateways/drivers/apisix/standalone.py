"""Driving an APISIX that keeps its configuration in memory, by the API of that mode.

It takes one document with a version for each kind. A kind whose version is the stored one stays as
it is and need not be sent: a change of nodes sends the upstreams, and APISIX goes on with the
routes that it has. Within a kind each object says by its `modifiedIndex` whether it changed; a
version grows with each writing and is never used twice, so it is the index of what it brought.

APISIX forgets everything when it is restarted. Its answer 202 means accepted: workers use it within
some tens of milliseconds.

A driver that another one has outlived is shut out by the versions, which APISIX compares: the first
thing that the newer one sends lifts them by more than a change does, and brings a mark that says
whose they are. Until then both may write: that all is known goes before, or an APISIX that was
restarted empty would be given a configuration without routes. What the older one wrote meanwhile
ends the newer one's first try.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar

import msgspec

from console.contract.wire import Resource
from gateways.drivers.base import Applied, Changes, DriverError

from . import document, mark, names
from .admin import Answer, Api, version
from .book import Book
from .plain import same
from .render import Objects
from .settings import Settings
from .trial import refusals

CONFIGS = "/apisix/admin/configs"
_VERSION = "_conf_version"
_LIFT = 2  # a change that was on its way is one version above what its driver knew
# Seconds for each resource until it uses a document: 0.15 at 1,000 services with a route each
# (docs/gateways/apisix.md).
_DIGESTING = 0.00008


class StandaloneDriver:
    """Drives one APISIX (`gateways.drivers.base.Driver`)."""

    pulled: ClassVar[bool] = False

    def __init__(self, settings: Settings, secret: str) -> None:
        self._prefix = settings.id_prefix
        self._book = Book(settings)
        self._api = Api(settings.admin_url, secret)
        self._versions: dict[str, int] = {}
        self._digest = ""
        self._held: Objects = {}
        self._indices: dict[str, int] = {}  # of what was found
        self._texts: dict[str, bytes] = {}  # of what was sent since, as it was
        self._others: dict[str, list[dict[str, Any]]] = {}
        self._said: dict[str, str] = {}
        self._epoch = 0
        self._takes = False  # what is sent next says that it is ours now

    def start(self, *, epoch: int = 0) -> None:
        self._epoch = epoch
        found, self._digest = read(self._api)
        marked = document.mark(found, self._prefix)
        mark.refuse_newer(marked, epoch)
        self._versions = versions(found)
        self._held = document.ours(found, self._prefix)
        self._others = {kind: document.others(found, self._prefix, kind) for kind in names.KINDS}
        self._said, self._texts = {}, {}
        self._indices = {
            f"{kind}/{body.get('id')}": index
            for kind in names.KINDS
            for body in document.items(found, kind)
            if isinstance(index := body.get("modifiedIndex"), int)
        }
        self._takes = epoch != 0 and mark.epoch_of(marked) != epoch

    def replace(self, resources: Mapping[str, Resource], keep: Collection[str] = ()) -> Applied:
        self._book.replace(resources, had=self._held, keep=keep)
        return self._follow(self._book.objects.keys() | self._held.keys())

    def apply(self, changes: Changes) -> Applied:
        return self._follow(self._book.apply(changes))

    def touch(self) -> None:
        """Notice that it was restarted, or written to by someone else."""
        answer = self._api.ask("HEAD", CONFIGS)
        digest = answer.headers.get("X-Digest") or ""
        if answer.status != 200:
            _found, digest = read(self._api)  # a release that does not know HEAD
        if digest == self._digest:
            return
        if not digest:
            raise DriverError("APISIX was restarted and has forgotten everything.", code="emptied")
        raise self._changed("Someone else has written APISIX's configuration.")

    def describe(self) -> dict[str, Any]:
        return {
            "mode": "standalone",
            "release": version(self._api.server),
            "resources": len(self._book),
            "objects": len(self._held),
            "refused": len(self._book.refused) + len(self._said),
        }

    def _follow(self, candidates: Iterable[str]) -> Applied:
        wanted = self._book.objects
        for name in self._said.keys() - wanted.keys():
            del self._said[name]
        changes: dict[str, dict[str, Any] | None] = {}
        for name in sorted(candidates):
            if name in wanted and same(wanted[name], self._held.get(name, {})):
                self._said.pop(name, None)
            elif name in wanted or name in self._held:
                changes[name] = wanted.get(name)
        written = self._write(changes) if changes else 0
        if self._takes:  # nothing differed, or all that did is refused
            self._take()
        rest = _DIGESTING * len(self._book) if written else 0.0
        return Applied(written, self._book.refusals(self._said), rest=rest)

    def _write(self, changes: Mapping[str, dict[str, Any] | None]) -> int:
        """Bring these; what APISIX refuses of them is left out and named."""
        refused = self._put(changes)
        if refused is None:
            for name in changes:
                self._said.pop(name, None)
            return len(changes)
        bad = refusals(self._api, {name: body for name, body in changes.items() if body})
        if bad:
            self._said |= bad
            good = {name: body for name, body in changes.items() if name not in bad}
            return self._write(good) if good else 0
        if len(changes) == 1:
            self._said |= dict.fromkeys(changes, refused)
            return 0
        # It does not say which: each half by itself.
        half = len(changes) // 2
        pairs = list(changes.items())
        return self._write(dict(pairs[:half])) + self._write(dict(pairs[half:]))

    def _put(self, changes: Mapping[str, dict[str, Any] | None]) -> str | None:
        """Send these; None, or what APISIX says against them."""
        kinds = set(names.KINDS) if self._takes else {names.kind_of(name) for name in changes}
        after = dict(self._versions)
        for kind in kinds:
            after[kind] = after.get(kind, 0) + (_LIFT if self._takes else 1)
        if self._takes:
            self._mark(after["upstreams"])
        texts = {
            name: _text(body, after[names.kind_of(name)]) for name, body in changes.items() if body
        }
        refused = self._send(kinds, after, changes, texts)
        if refused is not None:
            return refused
        self._takes = False
        for name, said in changes.items():
            self._held.pop(name, None)
            self._texts.pop(name, None)
            if said:
                self._held[name] = said
                self._texts[name] = texts[name]
        return None

    def _take(self) -> None:
        """All as it is, with our mark and versions that nobody else knows."""
        refused = self._put({})
        if refused is not None:
            raise DriverError(f"APISIX does not take our mark: {refused}", code="answer")

    def _mark(self, index: int) -> None:
        """Have our mark among what is sent."""
        ours = mark.made(self._prefix, self._epoch) | {"modifiedIndex": index}
        kept = [one for one in self._others["upstreams"] if not mark.is_mark(self._prefix, one)]
        self._others["upstreams"] = [*kept, ours]

    def _send(
        self,
        kinds: Collection[str],
        after: dict[str, int],
        changes: Mapping[str, Any],
        texts: Mapping[str, bytes],
    ) -> str | None:
        """The document, of these kinds and versions."""
        parts = [
            b'"%s%s":%d' % (kind.encode(), _VERSION.encode(), number)
            for kind, number in sorted(after.items())
        ]
        parts += [
            b'"%s":[%s]' % (kind.encode(), b",".join(self._lines(kind, changes, texts)))
            for kind in sorted(kinds)
        ]
        body = b"{" + b",".join(parts) + b"}"
        digest = hashlib.blake2b(body, digest_size=16).hexdigest()
        # An APISIX that was restarted would take this part for the whole. It does not restart while
        # a connection stays: look and write on the same one.
        self.touch()
        if not self._api.connected:
            self.touch()
        answer = self._api.ask("PUT", CONFIGS, body, headers={"X-Digest": digest}, again=False)
        if answer.status == 400 and _VERSION in answer.word:
            raise self._changed(f"Someone else has written: {answer.word}")
        if answer.status == 400:
            return answer.word
        if answer.status not in (200, 202, 204):
            raise _not_here(self._api, answer)
        self._versions, self._digest = after, digest
        return None

    def _changed(self, why: str) -> DriverError:
        """What came of someone else's writing. Raises `Outlived` if it was a newer driver."""
        found, _digest = read(self._api)
        mark.refuse_newer(document.mark(found, self._prefix), self._epoch)
        return DriverError(why, code="changed")

    def _lines(
        self, kind: str, changes: Mapping[str, Any], texts: Mapping[str, bytes]
    ) -> Iterable[bytes]:
        for body in self._others.get(kind, ()):
            yield msgspec.json.encode(body)
        for name, held in self._held.items():
            if names.kind_of(name) == kind and name not in changes:
                if name not in self._texts:
                    self._texts[name] = _text(held, self._indices.get(name))
                yield self._texts[name]
        for name, text in texts.items():
            if names.kind_of(name) == kind:
                yield text


def read(api: Api) -> tuple[dict[str, Any], str]:
    """The document and its digest; empty: it has none. Raises `DriverError`."""
    answer = api.ask("GET", CONFIGS)
    if answer.status != 200 or not isinstance(answer.body, dict):
        raise _not_here(api, answer)
    if not any(name.endswith(_VERSION) for name in answer.body):
        raise _not_here(api, answer)
    return answer.body, answer.headers.get("X-Digest") or ""


def versions(found: Mapping[str, Any]) -> dict[str, int]:
    """Of each kind that this APISIX knows."""
    return {
        name.removesuffix(_VERSION): int(number)
        for name, number in found.items()
        if name.endswith(_VERSION) and isinstance(number, int | float)
    }


def _text(body: Mapping[str, Any], index: int | None) -> bytes:
    return msgspec.json.encode(body if index is None else {**body, "modifiedIndex": index})


def _not_here(api: Api, answer: Answer) -> DriverError:
    return DriverError(
        f"At {api.place} is no APISIX of mode standalone ({answer.status}): {answer.word}",
        code="mode",
        permanent=True,
    )
