"""Objects as an API server writes them, for tests of what we make of them."""

from __future__ import annotations

from typing import Any

import msgspec

from console.contract.wire import Endpoint, Port, Subset
from registries.kube.parts import Part, to_part
from registries.kube.slices import ENDPOINT_SLICES, ENDPOINTS, decode

HTTP = Port(port=8080, name="http")


def slice_object(**fields: Any) -> dict[str, Any]:
    """An EndpointSlice of shop/web; `metadata` is added to, everything else replaced."""
    metadata = {
        "name": "web-1",
        "namespace": "shop",
        "labels": {"kubernetes.io/service-name": "web"},
    } | fields.pop("metadata", {})
    return {
        "metadata": metadata,
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.0.0.1"]}],
        "ports": [{"name": "http", "port": 8080}],
    } | fields


def read_slice(*, allow_loopback: bool = False, **fields: Any) -> Part | None:
    data = msgspec.json.encode(slice_object(**fields))
    return to_part(decode(ENDPOINT_SLICES, data), allow_loopback=allow_loopback)


def read_endpoints(subsets: Any, *, name: str = "web", **metadata: Any) -> Part | None:
    data = {"metadata": {"name": name, "namespace": "shop", **metadata}, "subsets": subsets}
    return to_part(decode(ENDPOINTS, msgspec.json.encode(data)))


def must(part: Part | None) -> Part:
    assert part is not None
    return part


def part(
    name: str,
    *addresses: str | Endpoint,
    service: str = "web",
    namespace: str = "shop",
    ports: tuple[Port, ...] = (HTTP,),
    family: int = 4,
    **fields: Any,
) -> Part:
    endpoints = tuple(Endpoint(address=one) if isinstance(one, str) else one for one in addresses)
    subsets = (Subset(ports=ports, endpoints=endpoints),) if endpoints else ()
    return Part(
        namespace=namespace, name=name, service=service, subsets=subsets, family=family, **fields
    )
