"""The structs that cross Redis, and their only encoding.

JSON with sorted fields, all of them: equal state is equal bytes. Readers ignore unknown
fields. Times are milliseconds since the Unix epoch by the writer's wall clock; durations in
resources are milliseconds too. Needs no Django, so that agents beside a gateway can use it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct


class Port(Struct, frozen=True, kw_only=True):
    """A port of a Service as its pods serve it: `port` is the number on the pod."""

    port: int
    name: str = ""
    protocol: str = "TCP"
    app: str = ""  # appProtocol, e.g. kubernetes.io/h2c


class Endpoint(Struct, frozen=True, kw_only=True):
    """One address behind a Service, with its conditions already resolved to plain booleans."""

    address: str
    ready: bool = True
    serving: bool = True
    terminating: bool = False
    node: str = ""
    zone: str = ""
    pod: str = ""


class Subset(Struct, frozen=True, kw_only=True):
    """Endpoints that serve the same ports. Pods of one Service may differ in ports."""

    ports: tuple[Port, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()


class Service(Struct, frozen=True, kw_only=True):
    """All that is known of one Kubernetes Service. No subsets: it exists and has no endpoints."""

    namespace: str
    name: str
    subsets: tuple[Subset, ...] = ()
    serve_terminating: bool = False  # the registry's wish: if none is ready, those that still serve
    seq: int = 0  # the feed's seq of the commit that wrote this state
    observed_at: int = 0  # when the change that led to this state was read from the API server


class Node(Struct, frozen=True, kw_only=True):
    """One address that a gateway sends requests to."""

    host: str
    port: int
    weight: int = 100
    priority: int = 0
    zone: str = ""


class Timeouts(Struct, frozen=True, kw_only=True):
    connect: int = 60_000
    send: int = 60_000
    read: int = 60_000


class Origin(Struct, frozen=True, kw_only=True):
    """A discovered service and which of an upstream's nodes it brought: their places in `nodes`."""

    registry: str
    namespace: str
    service: str
    port: str = ""
    nodes: tuple[int, ...] = ()


class Upstream(Struct, frozen=True, kw_only=True, tag="upstream"):
    """A set of nodes and how to spread requests over them. No nodes: answer 503.

    With `kept_until` the nodes are the last ones of services that have none now. They are served
    like any others; the compiler takes them away when the time comes, readers need no clock.
    """

    id: str
    name: str
    scheme: str = "http"  # or https
    balance: str = "roundrobin"  # or consistent_hash, least_conn, ewma
    hash_key: str = ""
    retries: int | None = None
    timeouts: Timeouts = Timeouts()
    host_mode: str = "pass"  # or node, rewrite
    host: str = ""
    checks: dict[str, Any] = {}
    nodes: tuple[Node, ...] = ()
    kept_since: int = 0  # when the services were found without a node; 0: the nodes are not kept
    kept_until: int = 0
    origins: tuple[Origin, ...] = ()  # said where nodes are kept if need be: whose nodes these are
    # Places in `nodes` of those that are about to go: terminating, still serving, here because no
    # endpoint of their service is ready. A gateway that can sends them what no other node takes.
    leaving: tuple[int, ...] = ()
    digest: str = ""
    # The newest observed_at of the services it was made from; when kept nodes went: kept_until.
    observed_at: int = 0


class Path(Struct, frozen=True, kw_only=True):
    path: str
    exact: bool = False


class Expression(Struct, frozen=True, kw_only=True):
    """A condition on a request, e.g. header X-Env equal "test"."""

    subject: str  # header, query, cookie, path or variable
    operator: str
    name: str = ""
    value: str = ""


class Route(Struct, frozen=True, kw_only=True, tag="route"):
    """Which requests go to an upstream. Empty `hosts` or `methods`: all of them."""

    id: str
    name: str
    upstream: str
    hosts: tuple[str, ...] = ()
    paths: tuple[Path, ...] = ()
    methods: tuple[str, ...] = ()
    strip_prefix: str = ""
    rewrite_host: str = ""  # the upstream's, where a gateway sets it on the way there
    retries: int | None = None  # likewise
    websocket: bool = False
    expressions: tuple[Expression, ...] = ()
    match_any: bool = False  # of the expressions, one is enough
    redirect_https: bool = False
    plugins: dict[str, Any] = {}
    digest: str = ""


Resource = Route | Upstream

_UNCOUNTED = ("kept_since", "kept_until", "origins")
_encoder = msgspec.json.Encoder(order="sorted")
_service_decoder = msgspec.json.Decoder(Service)
_resource_decoder = msgspec.json.Decoder(Resource)


def encode(state: Service | Resource) -> bytes:
    return _encoder.encode(state)


def decode_service(data: bytes) -> Service:
    """Raises `msgspec.ValidationError` or `msgspec.DecodeError` if the bytes are no service."""
    return _service_decoder.decode(data)


def decode_resource(data: bytes) -> Resource:
    """Raises `msgspec.ValidationError` or `msgspec.DecodeError` if the bytes are no resource."""
    resource: Resource = _resource_decoder.decode(data)
    return resource


def same_content(left: Service, right: Service) -> bool:
    """Compare what two service states say, not when they were seen or committed."""
    return (left.subsets, left.serve_terminating, left.name, left.namespace) == (
        right.subsets,
        right.serve_terminating,
        right.name,
        right.namespace,
    )


def digest(resource: Resource) -> str:
    """Name the content of a resource, what requests meet: 16 hex digits over all fields but the
    digest, times and origins. Fields that came later and do not count are left out altogether, so
    that a state of an older version has the digest that it always had."""
    content = msgspec.structs.asdict(resource) | {"type": resource.__struct_config__.tag}
    content["digest"] = ""
    if isinstance(resource, Upstream):
        content["observed_at"] = 0
        for name in _UNCOUNTED:
            del content[name]
        if not resource.leaving:
            del content["leaving"]
    return hashlib.blake2b(_encoder.encode(content), digest_size=8).hexdigest()


def state_digest(key: str, state: bytes) -> int:
    """A 64-bit name for one state of a feed: BLAKE2b over the key, a NUL and the bytes."""
    hashed = hashlib.blake2b(key.encode() + b"\0" + state, digest_size=8)
    return int.from_bytes(hashed.digest(), "big")


def checksum(digests: Iterable[int]) -> int:
    """Combine state digests to one of a whole feed: XOR, so that a commit updates it by what it
    changed and the order does not matter."""
    total = 0
    for value in digests:
        total ^= value
    return total
