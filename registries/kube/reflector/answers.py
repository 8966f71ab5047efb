"""Lists and events as the API server writes them, as far as the loop reads them itself."""

from __future__ import annotations

import msgspec

from registries.kube import errors
from registries.kube.failures import error_from_status
from registries.kube.slices import Endpoints, EndpointSlice, Resource, decode

Thing = EndpointSlice | Endpoints

# The bookmark that ends the first events of a streamed list carries this annotation.
_INITIAL_END = "k8s.io/initial-events-end"


class _ListMeta(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    continue_: str = msgspec.field(default="", name="continue")


class _List(msgspec.Struct):
    metadata: _ListMeta
    kind: str = ""
    items: list[msgspec.Raw] | None = None


class Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


_list_decoder = msgspec.json.Decoder(_List)
_event_decoder = msgspec.json.Decoder(Event)


class Page(msgspec.Struct, frozen=True):
    things: list[Thing]
    version: str
    continue_: str


def read_page(resource: Resource, body: bytes) -> Page:
    """Raises `KubeError` for anything but a page of that resource's list."""
    try:
        page = _list_decoder.decode(body)
        things = [decode(resource, item) for item in page.items or ()]
    except (msgspec.DecodeError, RecursionError) as error:
        raise errors.bad_answer("a list that cannot be read") from error
    if page.kind != f"{resource.kind}List" or not page.metadata.resource_version:
        raise errors.bad_answer(f"a {page.kind[:40] or 'nameless thing'} instead of a list")
    return Page(things, page.metadata.resource_version, page.metadata.continue_)


def read_event(line: bytes) -> Event:
    """Raises `KubeError`, also the one that an ERROR event tells of."""
    try:
        event = _event_decoder.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        raise errors.bad_answer("an event that cannot be read") from error
    if event.type == "ERROR":
        raise error_from_status(bytes(event.object))
    return event


def read_thing(resource: Resource, event: Event) -> Thing:
    """Raises `KubeError`."""
    try:
        return decode(resource, event.object)
    except (msgspec.DecodeError, RecursionError) as error:
        raise errors.bad_answer("an object that cannot be read") from error


def ends_initial_events(thing: Thing) -> bool:
    """Whether this bookmark says that the first events are complete."""
    return (thing.metadata.annotations or {}).get(_INITIAL_END) == "true"
