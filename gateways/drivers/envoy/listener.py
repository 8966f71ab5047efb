"""From a gateway's settings to Envoy's Listener. Pure."""

from __future__ import annotations

from typing import Any

from . import api
from .expressions import PATH_HEADER
from .settings import Settings

LISTENER = "portolan"
ROUTES = "portolan"


def listener(settings: Settings) -> Any:
    socket = {"address": settings.address, "port_value": settings.port}
    manager = api.extension("envoy.filters.network.http_connection_manager", _connections(settings))
    return api.Listener(
        name=LISTENER,
        address={"socket_address": socket},
        filter_chains=[{"filters": [manager]}],
        # What one connection may hold in memory: a slow client must not cost much.
        per_connection_buffer_limit_bytes={"value": 1_048_576},
    )


def _connections(settings: Settings) -> Any:
    path = {
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
        "header": {"key": PATH_HEADER, "value": "%PATH(NQ:PATH)%"},
    }
    return api.Connections(
        stat_prefix=LISTENER,
        rds={
            "route_config_name": ROUTES,
            "config_source": {"ads": {}, "resource_api_version": "V3"},
        },
        use_remote_address={"value": True},
        xff_num_trusted_hops=settings.trusted_proxies,
        # A client's own X-Envoy-… headers mean nothing, wherever it calls from.
        internal_address_config={"unix_sockets": False},
        # As `console.contract.matching.clean`.
        normalize_path={"value": True},
        merge_slashes=True,
        # Allowed route by route.
        upgrade_configs=[{"upgrade_type": "websocket", "enabled": {"value": False}}],
        early_header_mutation_extensions=[
            api.extension(
                "envoy.http.early_header_mutation.header_mutation",
                api.EarlyMutation(mutations=[{"append": path}]),
            )
        ],
        common_http_protocol_options={"headers_with_underscores_action": "ALLOW"},
        http_filters=[api.extension("envoy.filters.http.router", api.Router())],
    )
