"""What to watch and how to get there: a registry row as a plain value."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrySpec:
    """Everything that a watcher needs to know of a registry. The token does not show in its
    representation."""

    id: str
    name: str
    server: str
    tls_server_name: str = ""
    ca_bundle: str = ""
    verify_tls: bool = True
    token: str = field(default="", repr=False)
    token_file: str = ""
    namespaces: tuple[str, ...] = ()
    namespace_operator: str = ""
    namespace_patterns: tuple[str, ...] = ()
    label_selector: str = ""
    resource: str = "auto"
    address_family: str = "prefer_ipv4"
    draining: str = "ready"
    deletion_guard: bool = True
    accepted_cluster: str = ""  # the identity that a person has confirmed
