"""Published applications in bulk, one for each numbered service of `bench.parts_cluster` and one
for the service that a bench patches.

Written straight into the tables, past the actions; the compiler reads rows when it starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.parts_slices import name_of

if TYPE_CHECKING:
    from registries.models import Registry

HOST, NAMESPACE, SERVICE = "bench.example.org", "bench", "web"


def publish(registry: Registry, services: int) -> str:
    """Publish `services` applications in all, each with one API and one discovered upstream; the
    id of the upstream of the service that is patched."""
    from applications.models import Api, Application, Claim, Member, Upstream

    plane = registry.control_plane
    targets = [(HOST, NAMESPACE, SERVICE)]
    targets += [(f"app-{n}.example.org", *name_of(n)) for n in range(services - 1)]
    applications = Application.objects.bulk_create(
        Application(control_plane=plane, name=host, hosts=[host], published=True)
        for host, _, _ in targets
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
            namespace=namespace,
            service=service,
            service_port="http",
        )
        for upstream, (_, namespace, service) in zip(upstreams, targets, strict=True)
    )
    Api.objects.bulk_create(
        Api(application=one, name="all", published=True) for one in applications
    )
    return str(upstreams[0].pk)
