"""From an upstream to Envoy's Cluster and ClusterLoadAssignment. Pure.

The cluster says how, the assignment says where: a change of nodes is one assignment. Nodes that
are DNS names cannot be in an assignment of their own (Envoy takes addresses only there): such a
cluster holds its nodes itself and Envoy resolves them.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from console.contract.wire import Node, Upstream

from . import api, healthchecks
from .errors import Unsupported

# Envoy has no balancing by response times of its own; the fewest open requests are the nearest.
_BALANCE = {
    "roundrobin": "ROUND_ROBIN",
    "least_conn": "LEAST_REQUEST",
    "ewma": "LEAST_REQUEST",
    "consistent_hash": "RING_HASH",
}
_PROTOCOLS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?\.?")
# A priority serves as long as a thousandth of its nodes can; Envoy's own 140 would share requests
# with the next one as soon as three tenths are out. Likewise for degraded nodes beside others.
_OVERPROVISIONING = 100_000
# Called when no other is healthy. DRAINING is UNHEALTHY to Envoy: where all are it calls every one,
# also those that its checks found to be dead.
_DEGRADED = {"health_status": "DEGRADED"}


def name(upstream_id: str) -> str:
    """A cluster is called as its upstream in the feed."""
    return f"upstream/{upstream_id}"


def cluster(upstream: Upstream) -> Any:
    """Raises `Unsupported`."""
    if upstream.balance not in _BALANCE:
        raise Unsupported("Envoy has no load balancing by %(balance)s.", balance=upstream.balance)
    if upstream.scheme not in ("http", "https"):
        raise Unsupported("Envoy has no scheme %(scheme)s.", scheme=upstream.scheme)
    if upstream.balance == "consistent_hash":
        hashed(upstream.hash_key)
    fields: dict[str, Any] = {
        "name": name(upstream.id),
        "connect_timeout": api.seconds(upstream.timeouts.connect),
        "lb_policy": _BALANCE[upstream.balance],
        "health_checks": healthchecks.active(upstream),
        # What the cluster says of a node is newer than what a check found out.
        "ignore_health_on_host_removal": True,
        # With fewer than half of its nodes healthy, Envoy would call the others too.
        "common_lb_config": {"healthy_panic_threshold": {"value": 1.0}},
        "typed_extension_protocol_options": {_PROTOCOLS: api.packed(_protocols(upstream))},
    }
    passive = healthchecks.passive(upstream)
    if passive:
        fields["outlier_detection"] = passive
    if upstream.scheme == "https":
        sni = upstream.host if upstream.host_mode == "rewrite" else ""
        fields["transport_socket"] = api.extension("envoy.transport_sockets.tls", api.Tls(sni=sni))
    if by_name(upstream):
        fields["type"] = "STRICT_DNS"
        fields["respect_dns_ttl"] = True
        fields["dns_lookup_family"] = "V4_PREFERRED"
        fields["load_assignment"] = assignment(upstream)
    else:
        fields["type"] = "EDS"
        fields["eds_cluster_config"] = {"eds_config": {"ads": {}, "resource_api_version": "V3"}}
    return api.Cluster(**fields)


def assignment(upstream: Upstream) -> Any:
    """Raises `Unsupported`."""
    serving = [(place, node) for place, node in enumerate(upstream.nodes) if node.weight > 0]
    priorities = sorted({node.priority for _place, node in serving}, reverse=True)
    leaving = frozenset(upstream.leaving)
    port = healthchecks.port(upstream)
    fields: dict[str, Any] = {
        "cluster_name": name(upstream.id),
        "endpoints": [
            {
                "priority": place,
                "lb_endpoints": [
                    _endpoint(upstream, node, port) | (_DEGRADED if place in leaving else {})
                    for place, node in serving
                    if node.priority == one
                ],
            }
            for place, one in enumerate(priorities)
        ],
    }
    if len(priorities) > 1 or leaving:
        fields["policy"] = {"overprovisioning_factor": {"value": _OVERPROVISIONING}}
    return api.Assignment(**fields)


def hashed(key: str) -> dict[str, Any]:
    """A HashPolicy of the routes that lead to an upstream. Raises `Unsupported`."""
    kind, _, name = key.partition(":")
    if key == "remote_addr":
        return {"connection_properties": {"source_ip": True}}
    if key == "uri":
        return {"header": {"header_name": ":path"}}
    if kind == "header" and name:
        return {"header": {"header_name": name.lower()}}
    if kind == "cookie" and name:
        return {"cookie": {"name": name}}
    if kind == "query" and name:
        return {"query_parameter": {"name": name}}
    raise Unsupported("Envoy cannot hash by “%(key)s”.", key=key)


def by_name(upstream: Upstream) -> bool:
    """Whether any node is a DNS name."""
    return not all(_is_address(node.host) for node in upstream.nodes)


def _endpoint(upstream: Upstream, node: Node, check_port: int) -> dict[str, Any]:
    if not _is_address(node.host) and not _NAME.fullmatch(node.host):
        raise Unsupported("“%(host)s” is neither an address nor a host name.", host=node.host)
    if not 0 < node.port < 65_536:
        raise Unsupported("%(port)s is no port.", port=node.port)
    endpoint: dict[str, Any] = {
        "address": {"socket_address": {"address": node.host, "port_value": node.port}}
    }
    if upstream.host_mode == "node":
        endpoint["hostname"] = _authority(upstream, node)
    if check_port:
        endpoint["health_check_config"] = {"port_value": check_port}
    return {"endpoint": endpoint, "load_balancing_weight": {"value": node.weight}}


def _protocols(upstream: Upstream) -> Any:
    fields: dict[str, Any] = {"explicit_http_config": {"http_protocol_options": {}}}
    if upstream.scheme == "https" and upstream.host_mode != "rewrite":
        fields["upstream_http_protocol_options"] = {"auto_sni": True}
    return api.Protocols(**fields)


def _authority(upstream: Upstream, node: Node) -> str:
    host = f"[{node.host}]" if ":" in node.host else node.host
    usual = node.port == (443 if upstream.scheme == "https" else 80)
    return host if usual else f"{host}:{node.port}"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
