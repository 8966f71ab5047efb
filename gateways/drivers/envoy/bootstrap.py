"""What an Envoy is started with so that it comes to our xDS server for the rest. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_SERVER = "portolan-xds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """Files on Envoy's machine: its own certificate and key, and who vouches for the server."""

    certificate: str
    key: str
    authority: str


def bootstrap(
    *,
    gateway_id: str,
    node_id: str,
    host: str,
    port: int,
    certificates: Certificates | None = None,
    server_name: str = "",
    admin_port: int = 0,
) -> dict[str, Any]:
    """A Bootstrap as JSON; JSON is YAML. `server_name`: of the server's certificate, if it is not
    `host`. `admin_port`: of an administration interface on loopback; 0: none."""
    endpoint = {"address": {"socket_address": {"address": host, "port_value": port}}}
    server: dict[str, Any] = {
        "name": _SERVER,
        "type": "STRICT_DNS",
        "connect_timeout": "5s",
        "load_assignment": {
            "cluster_name": _SERVER,
            "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}],
        },
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3"
                ".HttpProtocolOptions",
                "explicit_http_config": {
                    "http2_protocol_options": {
                        # A server that is gone without a word is noticed.
                        "connection_keepalive": {"interval": "10s", "timeout": "5s"}
                    }
                },
            }
        },
    }
    if certificates:
        server["transport_socket"] = _tls(certificates, server_name or host)
    found: dict[str, Any] = {
        "node": {"cluster": gateway_id, "id": node_id},
        "dynamic_resources": {
            "ads_config": {
                "api_type": "DELTA_GRPC",
                "transport_api_version": "V3",
                "grpc_services": [{"envoy_grpc": {"cluster_name": _SERVER}}],
            },
            "cds_config": {"ads": {}, "resource_api_version": "V3"},
            "lds_config": {"ads": {}, "resource_api_version": "V3"},
        },
        "static_resources": {"clusters": [server]},
        # With thousands of clusters, counters that nobody asks for would cost most of the memory,
        # and adding them up every five seconds would hold up changes.
        "deferred_stat_options": {"enable_deferred_creation_stats": True},
        "stats_flush_on_admin": True,
        # Expressions of ours are longer than what Envoy finds reasonable by default.
        "layered_runtime": {
            "layers": [
                {
                    "name": "portolan",
                    "static_layer": {"re2": {"max_program_size": {"error_level": 100_000}}},
                }
            ]
        },
    }
    if admin_port:
        found["admin"] = {
            "address": {"socket_address": {"address": "127.0.0.1", "port_value": admin_port}}
        }
    return found


def _tls(certificates: Certificates, server_name: str) -> dict[str, Any]:
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3"
            ".UpstreamTlsContext",
            "sni": server_name,
            "common_tls_context": {
                "tls_certificates": [
                    {
                        "certificate_chain": {"filename": certificates.certificate},
                        "private_key": {"filename": certificates.key},
                    }
                ],
                "validation_context": {
                    "trusted_ca": {"filename": certificates.authority},
                    "match_typed_subject_alt_names": [
                        {"san_type": "DNS", "matcher": {"exact": server_name}}
                    ],
                },
            },
        },
    }
