"""What Traefik's API tells of our objects, as `render` says them. Hostile text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import defaults, names
from .api import Api
from .render import Objects, transport_of

# Of what Traefik tells of an object: what we say of one.
_OURS = frozenset(
    {
        "rule",
        "priority",
        "service",
        "entryPoints",
        "middlewares",
        "loadBalancer",
        "redirectScheme",
        "stripPrefix",
        "headers",
        "retry",
    }
)


def ours(api: Api, section: str, provider: str) -> dict[str, dict[str, Any]]:
    """Objects of ours that Traefik has of a provider, as it tells them, by their names. Raises
    `DriverError`."""
    found = {}
    for one in api.all(f"/api/http/{section}"):
        name, _at, of = str(one.get("name", "")).rpartition("@")
        if of == provider and name != names.MARK and names.object_of(f"http/{section}/{name}"):
            found[name] = one
    return found


def objects(api: Api, provider: str) -> Objects:
    """Objects of ours, as we say them, by their places. Traefik tells of no transports, but their
    names do. Raises `DriverError`."""
    found: Objects = {
        f"http/{section}/{name}": _plain(one)
        for section in ("routers", "services", "middlewares")
        for name, one in ours(api, section, provider).items()
    }
    for one in list(found.values()):
        balancer = one.get("loadBalancer")
        transport = str(balancer.get("serversTransport", "")) if balancer else ""
        if times := names.times_of(transport):
            found |= transport_of(*times)
    return found


def _plain(said: Mapping[str, Any]) -> dict[str, Any]:
    found = defaults.without({name: value for name, value in said.items() if name in _OURS})
    if isinstance(found.get("middlewares"), list):
        found["middlewares"] = [str(one).rpartition("@")[0] for one in found["middlewares"]]
    balancer = found.get("loadBalancer")
    if isinstance(balancer, dict) and "serversTransport" in balancer:
        name = str(balancer["serversTransport"]).partition("@")[0]
        found["loadBalancer"] = {**balancer, "serversTransport": name}
    return found
