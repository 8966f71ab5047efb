"""A house full of rows, made at once: what pages are measured with.

Written straight into the tables and the feed, past the actions: what counts is what pages read.
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from console.contract import wire
    from console.models import ControlPlane
    from registries.models import Registry


class Crowd(Struct, frozen=True, kw_only=True):
    """How many of each. Services are those of the first registry, each with `endpoints`."""

    services: int = 10_000
    endpoints: int = 3
    applications: int = 1_000
    registries: int = 50
    entries: int = 5_000


def fill(plane: ControlPlane, registry: Registry, crowd: Crowd) -> None:
    """Add the rows to a control plane and the services to a registry's feed."""
    _services(registry, crowd)
    _registries(plane, crowd.registries)
    _applications(plane, registry, crowd.applications)
    _entries(plane, crowd.entries)


def service(number: int, endpoints: int) -> wire.Service:
    from console.contract import wire

    return wire.Service(
        namespace=f"team-{number % 40}",
        name=f"service-{number}",
        subsets=(
            wire.Subset(
                ports=(wire.Port(port=8080, name="http"), wire.Port(port=9090, name="metrics")),
                endpoints=tuple(
                    wire.Endpoint(
                        address=f"10.{number // 250 % 250}.{number % 250}.{place + 1}",
                        ready=(number + place) % 17 > 0,
                        node=f"node-{number % 60}",
                        zone=f"zone-{number % 3}",
                        pod=f"service-{number}-{place}",
                    )
                    for place in range(endpoints)
                ),
            ),
        ),
        observed_at=int(time.time() * 1000),
    )


def _services(registry: Registry, crowd: Crowd) -> None:
    from console import redis
    from console.contract import keys, wire
    from console.feed import FeedWriter
    from registries import health

    store = redis.store()
    feed = FeedWriter(store, keys.feed(keys.registry(str(registry.pk))), epoch=2)
    feed.open()
    made = (service(number, crowd.endpoints) for number in range(crowd.services))
    feed.commit({keys.service(one.namespace, one.name): wire.encode(one) for one in made})
    now = int(time.time() * 1000)
    word = health.Status(
        phase="connected",
        since=now,
        said_at=now,
        services=crowd.services,
        endpoints=crowd.services * crowd.endpoints,
    )
    health.write(store, str(registry.pk), word)


def _registries(plane: ControlPlane, count: int) -> None:
    from console import redis
    from registries import health
    from registries.models import Registry

    rows = Registry.objects.bulk_create(
        Registry(
            control_plane=plane,
            name=f"cluster-{number:03}",
            server=f"https://10.9.0.{number}:6443",
            token="a-token",  # noqa: S106 - of no cluster
        )
        for number in range(count)
    )
    for number, row in enumerate(rows):
        failing = health.Status(phase="failing", reason="unauthorized", text="refused", since=1)
        word = failing if number % 10 == 9 else health.Status(phase="connected", since=1)
        health.write(redis.store(), str(row.pk), word)


def _applications(plane: ControlPlane, registry: Registry, count: int) -> None:
    from applications.models import Api, Application, Claim, Member, Upstream

    applications = Application.objects.bulk_create(
        Application(
            control_plane=plane,
            name=f"application-{number:04}",
            hosts=[f"app-{number}.example.org"],
            labels=[f"team-{number % 40}"],
            published=number % 3 > 0,
        )
        for number in range(count)
    )
    Claim.objects.bulk_create(
        Claim(control_plane=plane, application=one, host=one.hosts[0], path_prefix="/")
        for one in applications
    )
    upstreams = Upstream.objects.bulk_create(Upstream(application=one) for one in applications)
    Member.objects.bulk_create(
        Member(
            upstream=upstream,
            kind=Member.Kind.DISCOVERY,
            registry=registry,
            namespace=f"team-{number % 40}",
            service=f"service-{number}",
            service_port="http",
        )
        for number, upstream in enumerate(upstreams)
    )
    Api.objects.bulk_create(
        Api(application=one, name=f"api-{place}", paths=[{"path": f"/{place}", "type": "prefix"}])
        for one in applications
        for place in range(2)
    )


def _entries(plane: ControlPlane, count: int) -> None:
    from console.models import AuditEntry

    ids = [str(uuid.uuid4()) for _ in range(300)]
    AuditEntry.objects.bulk_create(
        AuditEntry(
            actor_name="ada",
            verb="changed",
            control_plane_id=plane.pk,
            object_type="application",
            object_id=ids[number % 300],
            object_name=f"application-{number % 300:04}",
            before={"name": "before", "labels": ["a"]},
            after={"name": "after", "labels": ["a", "b"]},
        )
        for number in range(count)
    )
