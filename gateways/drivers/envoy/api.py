"""The messages of Envoy's API that we write: the one door to their package, which has no types.

A message is made of keywords; where a message belongs into it, a dictionary does as well.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


def _message(module: str, name: str) -> Any:
    return getattr(import_module(f"envoy.{module}_pb2"), name)


Cluster: Any = _message("config.cluster.v3.cluster", "Cluster")
Assignment: Any = _message("config.endpoint.v3.endpoint", "ClusterLoadAssignment")
Listener: Any = _message("config.listener.v3.listener", "Listener")
Route: Any = _message("config.route.v3.route_components", "Route")
VirtualHost: Any = _message("config.route.v3.route_components", "VirtualHost")
Routes: Any = _message("config.route.v3.route", "RouteConfiguration")
Bootstrap: Any = _message("config.bootstrap.v3.bootstrap", "Bootstrap")
Connections: Any = _message(
    "extensions.filters.network.http_connection_manager.v3.http_connection_manager",
    "HttpConnectionManager",
)
Router: Any = _message("extensions.filters.http.router.v3.router", "Router")
EarlyMutation: Any = _message(
    "extensions.http.early_header_mutation.header_mutation.v3.header_mutation", "HeaderMutation"
)
Protocols: Any = _message(
    "extensions.upstreams.http.v3.http_protocol_options", "HttpProtocolOptions"
)
Tls: Any = _message("extensions.transport_sockets.tls.v3.tls", "UpstreamTlsContext")
PreviousHosts: Any = _message(
    "extensions.retry.host.previous_hosts.v3.previous_hosts", "PreviousHostsPredicate"
)
DeltaRequest: Any = _message("service.discovery.v3.discovery", "DeltaDiscoveryRequest")
DeltaResponse: Any = _message("service.discovery.v3.discovery", "DeltaDiscoveryResponse")
_AnyMessage: Any = import_module("google.protobuf.any_pb2").Any
_json: Any = import_module("google.protobuf.json_format")

CLUSTERS = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
ASSIGNMENTS = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
LISTENERS = "type.googleapis.com/envoy.config.listener.v3.Listener"
ROUTES = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"


def packed(message: Any) -> Any:
    """A message as a field of type Any."""
    found = _AnyMessage()
    found.Pack(message, deterministic=True)
    return found


def body(message: Any) -> bytes:
    """Equal messages are equal bytes."""
    made: bytes = message.SerializeToString(deterministic=True)
    return made


def as_json(message: Any) -> dict[str, Any]:
    """A message as protobuf's JSON."""
    found: dict[str, Any] = _json.MessageToDict(message, preserving_proto_field_name=True)
    return found


def seconds(milliseconds: int) -> dict[str, int]:
    """A Duration."""
    return {"seconds": milliseconds // 1000, "nanos": milliseconds % 1000 * 1_000_000}


def extension(name: str, message: Any) -> dict[str, Any]:
    """A TypedExtensionConfig, and whatever else is a name and a `typed_config`."""
    return {"name": name, "typed_config": packed(message)}


def from_json(found: dict[str, Any], message: Any) -> Any:
    """A message from protobuf's JSON; what we do not know of it is passed over."""
    return _json.ParseDict(found, message(), ignore_unknown_fields=True)
