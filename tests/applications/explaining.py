"""What watchers and compilers would have written, for tests of `applications.explain`."""

from __future__ import annotations

import time
from typing import Any

from applications import explain
from applications.explain import Explanation
from applications.models import Member, Upstream
from console import redis
from console.contract import keys, wire
from console.feed import FeedWriter
from console.models import ControlPlane
from registries import health
from registries.models import Registry
from tests import factories

NOW = int(time.time() * 1000)
HTTP = wire.Port(port=8080, name="http")
METRICS = wire.Port(port=9090, name="metrics")
DNS = wire.Port(port=53, name="dns", protocol="UDP")


def service(
    *endpoints: wire.Endpoint,
    ports: tuple[wire.Port, ...] = (HTTP,),
    name: str = "shop/web",
    draining: bool = False,
) -> wire.Service:
    namespace, _, short = name.partition("/")
    subsets = (wire.Subset(ports=ports, endpoints=endpoints),) if endpoints else ()
    return wire.Service(
        namespace=namespace, name=short, subsets=subsets, serve_terminating=draining
    )


def ready(number: int = 1) -> wire.Endpoint:
    return wire.Endpoint(address=f"10.0.0.{number}", pod=f"web-{number}")


def unready(number: int) -> wire.Endpoint:
    return wire.Endpoint(
        address=f"10.0.0.{number}", pod=f"web-{number}", ready=False, serving=False
    )


def leaving(number: int) -> wire.Endpoint:
    return wire.Endpoint(
        address=f"10.0.0.{number}", pod=f"web-{number}", ready=False, terminating=True
    )


def publish(registry: Registry, *services: wire.Service, **status: Any) -> None:
    """What the registry's watcher would write."""
    feed = FeedWriter(redis.store(), keys.feed(keys.registry(str(registry.pk))), epoch=1)
    feed.open()
    feed.commit(
        {keys.service(one.namespace, one.name): wire.encode(one) for one in services}, always=True
    )
    said = {"phase": "connected", "since": NOW, "said_at": NOW} | status
    health.write(redis.store(), str(registry.pk), health.Status(**said))


def member(registry: Registry | None, **changes: Any) -> Member:
    values = {"namespace": "shop", "service": "web", "service_port": "http"} | changes
    return factories.make_member(registry, **values)


def told(registry: Registry | None, **changes: Any) -> Explanation:
    [found] = explain.explain([member(registry, **changes)])
    return found


def codes(found: Explanation) -> list[str]:
    return [one.code for one in found.sentences]


def one(found: Explanation, code: str) -> explain.Sentence:
    [sentence] = [one for one in found.sentences if one.code == code]
    return sentence


def compile_as(plane: ControlPlane, upstream_id: str, *hosts: str, **fields: Any) -> None:
    """What the compiler would write."""
    nodes = tuple(wire.Node(host=host, port=8080) for host in hosts)
    state = wire.Upstream(id=upstream_id, name="x", nodes=nodes, **fields)
    writer = FeedWriter(redis.store(), keys.feed(keys.control_plane(str(plane.pk))), epoch=1)
    writer.open()
    writer.commit({keys.upstream(upstream_id): wire.encode(state)}, always=True)


def application_of(
    registry: Registry, *members: Member, api: bool = True, **fields: Any
) -> Upstream:
    application = factories.make_application(
        registry=registry, name="shop", members=list(members) or [member(registry)], **fields
    )
    if api:
        factories.make_api(application=application, name="all")
    return application.upstreams.get()
