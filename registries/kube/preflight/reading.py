"""Reading one scope as the watcher will: a list, and a watch from where the list was."""

from __future__ import annotations

import contextlib
import math
import time
from collections import Counter
from collections.abc import Iterator

import msgspec

from registries.kube import errors, framing
from registries.kube.client import Client, Stream
from registries.kube.errors import Silent
from registries.kube.failures import error_from_status
from registries.kube.slices import Resource

PAGE = 500  # objects; more are counted by what the server says of the rest
_MOST = 4 * 1024 * 1024  # bytes of a watch that are read
_OPENS_WITHIN = 5.0  # seconds


class _Meta(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    remaining_item_count: int | None = None
    continue_: str = msgspec.field(default="", name="continue")


class _Listed(msgspec.Struct):
    kind: str = ""
    metadata: _Meta = msgspec.field(default_factory=_Meta)
    items: list[msgspec.Raw] | None = None


class _Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


class Listed(msgspec.Struct, frozen=True):
    """`more`: there are objects beyond `count`, and the server does not say how many."""

    version: str
    count: int
    more: bool


_list_decoder = msgspec.json.Decoder(_Listed)
_event_decoder = msgspec.json.Decoder(_Event)


def read_list(
    client: Client, resource: Resource, namespace: str, *, selector: str, limit: int
) -> Listed:
    """Raises `KubeError`."""
    query = {"limit": str(limit), **_selected(selector)}
    try:
        listed = _list_decoder.decode(client.get(resource.path(namespace), query))
    except (msgspec.DecodeError, RecursionError) as error:
        raise errors.bad_answer("a list that cannot be read") from error
    if listed.kind != f"{resource.kind}List":
        raise errors.bad_answer(f"a {listed.kind[:40] or 'nameless thing'} instead of a list")
    rest = listed.metadata.remaining_item_count
    return Listed(
        listed.metadata.resource_version,
        len(listed.items or ()) + max(0, rest or 0),
        bool(listed.metadata.continue_) and rest is None,
    )


def open_watch(
    client: Client, resource: Resource, namespace: str, *, version: str, selector: str, lasts: float
) -> Stream:
    """Raises `KubeError`."""
    return client.watch(
        resource.path(namespace),
        {
            "watch": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(math.ceil(lasts) + 1),
            "allowWatchBookmarks": "true",
            **_selected(selector),
        },
        silence=_OPENS_WITHIN,
    )


def listen(stream: Stream, *, seconds: float) -> Counter[str]:
    """Read an open watch for so long: how many events came, by type. Raises `KubeError` for what
    is none, or for one that says that the watch has failed."""
    seen = Counter[str]()
    # Silence ends it like anything else: it was listened to for long enough.
    with contextlib.suppress(Silent):
        for line in framing.lines(_chunks(stream, seconds=seconds)):
            seen[_event(line).type] += 1
    return seen


def _chunks(stream: Stream, *, seconds: float) -> Iterator[bytes]:
    ends, size = time.monotonic() + seconds, 0
    stream.be_patient(seconds)
    for chunk in stream:
        yield chunk
        size += len(chunk)
        left = ends - time.monotonic()
        if left <= 0 or size > _MOST:
            return
        stream.be_patient(left)


def _event(line: bytes) -> _Event:
    try:
        event = _event_decoder.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        raise errors.bad_answer("a watch whose lines are no events") from error
    if event.type == "ERROR":
        raise error_from_status(bytes(event.object))
    return event


def _selected(selector: str) -> dict[str, str]:
    return {"labelSelector": selector} if selector else {}
