"""Lists: which version is asked for, one consistent snapshot over all pages, and what is left.

A page is joined from the stored bytes; nothing is decoded unless a field selector needs it.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from practice.list_options import check_options, parse_limit, parse_version
from practice.schema import Resource
from practice.selectors import field_of, parse_fields, parse_labels
from practice.status import (
    CONTINUE_EXPIRED,
    ApiError,
    bad_request,
    expired,
    too_large_version,
)
from practice.store import Entry, Store, Table

Matcher = Callable[[Entry], bool]
FUTURE_WAIT = 3.0
ENCODING = "meta.k8s.io/v1"


@dataclass(frozen=True, slots=True)
class Page:
    entries: list[Entry]
    rv: int
    token: str = ""
    remaining: int | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """A request's selectors; `whole` means they select everything."""

    matches: Matcher
    whole: bool


def make_filter(resource: Resource, params: Mapping[str, str]) -> Filter:
    by_labels = parse_labels(params.get("labelSelector", ""))
    terms = parse_fields(resource, params.get("fieldSelector", ""))

    def matches(entry: Entry) -> bool:
        if by_labels is not None and not by_labels(entry.labels):
            return False
        obj = None
        for path, value, equal in terms:
            if path == "metadata.name":
                found = entry.name
            elif path == "metadata.namespace":
                found = entry.namespace
            else:
                obj = obj or entry.object()
                found = field_of(obj, path)
            if (found == value) != equal:
                return False
        return True

    return Filter(matches, by_labels is None and not terms)


class _Token(msgspec.Struct):
    v: str = ""
    rv: int = 0
    start: str = ""


def make_token(rv: int, start: str) -> str:
    body = msgspec.json.encode({"v": ENCODING, "rv": rv, "start": start + "\0"})
    return base64.urlsafe_b64encode(body).rstrip(b"=").decode()


def parse_token(token: str) -> tuple[int, str]:
    """Return the version and the key to go on from; a token not of our making is 400."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        body = msgspec.json.decode(raw, type=_Token)
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise _no_token(str(error)) from None
    if body.v != ENCODING:
        raise _no_token(f"server does not recognize this encoded version {body.v}")
    if not body.rv:
        raise _no_token(f"incorrect encoded start resourceVersion (version {body.v})")
    if not body.start:
        raise _no_token(f"encoded start key empty (version {body.v})")
    # A made-up key must not lead out of the list.
    if posixpath.normpath(f"/{body.start}") != f"/{body.start}":
        raise _no_token(body.start)
    return body.rv, body.start


def _no_token(why: str) -> ApiError:
    return bad_request(f"invalid continue token: continue key is not valid: {why}")


async def reach(store: Store, version: int) -> None:
    """Wait a while for a version that does not exist yet; 504 if it does not come."""
    for _ in range(int(FUTURE_WAIT / 0.05)):
        if version <= store.rv:
            return
        await asyncio.sleep(0.05)
    raise too_large_version(version, store.rv)


class Lister:
    """Answers lists. Faults set `tokens_before` and `lag` to make it older than it is."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.tokens_before = 0
        self.lag: int | None = None

    async def list(self, resource: Resource, namespace: str, params: Mapping[str, str]) -> Page:
        check_options(params, watch=False)
        chosen = make_filter(resource, params)
        limit = parse_limit(params)
        table = self.store.tables[resource]
        prefix = f"{namespace}/" if namespace else ""
        token = params.get("continue", "")
        if token:
            at, start = self._resume(table, token, params)
            await reach(self.store, at)
            return self._page(table, chosen, prefix=prefix, start=start, at=at, limit=limit)
        if params.get("resourceVersion") == "0":
            # The watch cache answers these, and it does not page.
            limit = 0
        at = await self._version(table, params, limit)
        return self._page(table, chosen, prefix=prefix, start="", at=at, limit=limit)

    def _resume(self, table: Table, token: str, params: Mapping[str, str]) -> tuple[int, str]:
        if params.get("resourceVersion", "") not in ("", "0"):
            raise bad_request("specifying resource version is not allowed when using continue")
        rv, start = parse_token(token)
        if rv < 0:
            return self.store.rv, start
        if rv < max(self.store.compacted, table.history, self.tokens_before):
            # The new token says -1: the rest at whatever version is then current.
            raise expired(CONTINUE_EXPIRED, token=make_token(-1, start.rstrip("\0")))
        return rv, start

    async def _version(self, table: Table, params: Mapping[str, str], limit: int) -> int:
        try:
            asked = parse_version(params.get("resourceVersion", ""))
        except ValueError as error:
            raise bad_request(f"invalid resource version: {error}") from None
        match = params.get("resourceVersionMatch", "")
        await reach(self.store, asked)
        # A version with a limit and no match rule has always meant exactly that version.
        if asked and (match == "Exact" or (limit and not match)):
            if asked < max(self.store.compacted, table.history):
                raise expired("The resourceVersion for the provided list is too old.")
            return asked
        if params.get("resourceVersion") == "0" and self.lag is not None:
            return max(self.lag, table.history)
        return self.store.rv

    def _page(
        self, table: Table, chosen: Filter, *, prefix: str, start: str, at: int, limit: int
    ) -> Page:
        entries: list[Entry] = []
        walk = table.walk(prefix=prefix, start=prefix + start, at=at)
        for entry in walk:
            if limit and len(entries) == limit:
                # Nobody has looked at what follows: perhaps the selectors select none of it.
                remaining = 1 + sum(1 for _ in walk) if chosen.whole else None
                last = entries[-1].key.removeprefix(prefix)
                return Page(entries, at, make_token(at, last), remaining)
            if chosen.matches(entry):
                entries.append(entry)
        return Page(entries, at)


def render(resource: Resource, page: Page) -> bytes:
    """Join a page into the list's JSON; items carry no kind of their own."""
    metadata: dict[str, object] = {"resourceVersion": str(page.rv)}
    if page.token:
        metadata["continue"] = page.token
        if page.remaining is not None:
            metadata["remainingItemCount"] = page.remaining
    head = f'{{"kind":"{resource.kind}List","apiVersion":"{resource.api_version}","metadata":'
    return b"".join(
        (
            head.encode(),
            msgspec.json.encode(metadata),
            b',"items":[',
            b",".join([entry.raw for entry in page.entries]),
            b"]}\n",
        )
    )
