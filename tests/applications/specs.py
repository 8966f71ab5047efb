"""Applications and services as plain values, for tests of the compiler."""

from __future__ import annotations

from typing import Any

from applications.specs import ApiSpec, ApplicationSpec, MemberSpec, UpstreamSpec
from console.contract.wire import Endpoint, Port, Service, Subset

HTTP, ADMIN = Port(port=8080, name="http"), Port(port=9090, name="admin")


def service(
    *endpoints: str | Endpoint, ports: tuple[Port, ...] = (HTTP,), **fields: Any
) -> Service:
    found = tuple(Endpoint(address=one) if isinstance(one, str) else one for one in endpoints)
    subsets = (Subset(ports=ports, endpoints=found),) if found else ()
    return Service(**{"namespace": "shop", "name": "web", "subsets": subsets} | fields)


def static(host: str, port: int = 80, **fields: Any) -> MemberSpec:
    return MemberSpec(host=host, port=port, **fields)


def discovered(registry: str = "r1", service: str = "web", **fields: Any) -> MemberSpec:
    values = {"namespace": "shop", "service_port": "http"} | fields
    return MemberSpec(registry=registry, service=service, **values)


def upstream_spec(*members: MemberSpec, **fields: Any) -> UpstreamSpec:
    values = {"id": "u1", "name": "shop/default", "version": "default"} | fields
    return UpstreamSpec(members=members, **values)


def api_spec(**fields: Any) -> ApiSpec:
    return ApiSpec(**{"id": "a1", "name": "cart", "paths": (("/cart", "prefix"),)} | fields)


def application(*members: MemberSpec, **fields: Any) -> ApplicationSpec:
    number = fields.pop("number", 1)
    values = {
        "id": f"app{number}",
        "name": f"app{number}",
        "revision": 1,
        "default_version": "default",
        "hosts": ("shop.example.org",),
        "upstreams": (upstream_spec(*members, id=f"u{number}"),),
        "apis": (api_spec(id=f"a{number}"),),
    }
    return ApplicationSpec(**values | fields)
