"""EndpointSlices and Endpoints as the API server writes them, with the fields that we use. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from msgspec import Struct


class Metadata(Struct, rename="camel"):
    name: str = ""
    namespace: str = ""
    resource_version: str = ""
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class Reference(Struct):
    kind: str = ""
    name: str = ""
    uid: str = ""


class Conditions(Struct):
    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class SliceEndpoint(Struct, rename="camel"):
    addresses: list[str] | None = None
    conditions: Conditions | None = None
    node_name: str | None = None
    zone: str | None = None
    target_ref: Reference | None = None


class SlicePort(Struct, rename="camel"):
    name: str | None = None
    port: int | None = None
    protocol: str | None = None
    app_protocol: str | None = None


class EndpointSlice(Struct, rename="camel"):
    metadata: Metadata
    address_type: str = ""
    endpoints: list[msgspec.Raw] | None = None  # of `SliceEndpoint`: read once, see `parts`
    ports: msgspec.Raw = msgspec.Raw(b"null")  # of a list of `SlicePort`: see `parts`


class LegacyAddress(Struct, rename="camel"):
    ip: str = ""
    node_name: str | None = None
    target_ref: Reference | None = None


class LegacySubset(Struct, rename="camel"):
    addresses: list[LegacyAddress] | None = None
    not_ready_addresses: list[LegacyAddress] | None = None
    ports: list[SlicePort] | None = None


class Endpoints(Struct):
    metadata: Metadata
    subsets: list[LegacySubset] | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of object that can be watched."""

    plural: str
    group: str
    prefix: str
    kind: str
    struct: type[EndpointSlice] | type[Endpoints]

    def path(self, namespace: str) -> str:
        """The path of all namespaces (empty) or of one."""
        inside = f"/namespaces/{namespace}" if namespace else ""
        return f"{self.prefix}{inside}/{self.plural}"


ENDPOINT_SLICES = Resource(
    "endpointslices",
    "discovery.k8s.io",
    "/apis/discovery.k8s.io/v1",
    "EndpointSlice",
    EndpointSlice,
)
ENDPOINTS = Resource("endpoints", "", "/api/v1", "Endpoints", Endpoints)

_decoders = {
    resource.plural: msgspec.json.Decoder(resource.struct)
    for resource in (ENDPOINT_SLICES, ENDPOINTS)
}


def decode(resource: Resource, data: bytes | msgspec.Raw) -> EndpointSlice | Endpoints:
    """Raises `msgspec.DecodeError` if the object does not fit."""
    return _decoders[resource.plural].decode(data)
