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


class _SliceEvent(msgspec.Struct):
    type: str
    object: EndpointSlice


class _EndpointsEvent(msgspec.Struct):
    type: str
    object: Endpoints


class _AnyEvent(msgspec.Struct):
    type: str
    object: msgspec.Raw


_list_decoder = msgspec.json.Decoder(_List)
# An event is decoded in one pass: it is what costs most of a busy cluster.
_event_decoders: dict[type, msgspec.json.Decoder[_SliceEvent | _EndpointsEvent]] = {
    EndpointSlice: msgspec.json.Decoder(_SliceEvent),
    Endpoints: msgspec.json.Decoder(_EndpointsEvent),
}
_any_decoder = msgspec.json.Decoder(_AnyEvent)


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


def read_event(resource: Resource, line: bytes) -> tuple[str, Thing]:
    """The event's type and its object. Raises `KubeError`, also the one that an ERROR event tells
    of."""
    try:
        event = _event_decoders[resource.struct].decode(line)
        if event.type != "ERROR":
            return event.type, event.object
    except (msgspec.DecodeError, RecursionError):
        pass  # a Status may fit or not; what else it is shows below
    try:
        odd = _any_decoder.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        raise errors.bad_answer("an event that cannot be read") from error
    if odd.type == "ERROR":
        raise error_from_status(bytes(odd.object))
    raise errors.bad_answer("an object that cannot be read")


def ends_initial_events(thing: Thing) -> bool:
    """Whether this bookmark says that the first events are complete."""
    return (thing.metadata.annotations or {}).get(_INITIAL_END) == "true"
