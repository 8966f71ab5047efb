"""The way from nothing to the first answer through a gateway."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from applications.models import Application
from console.models import ControlPlane


@dataclass(frozen=True, slots=True)
class Counts:
    """How many there are in a control plane, and how many of these are published."""

    registries: int
    gateways: int
    applications: int
    published_applications: int
    apis: int
    published_apis: int


@dataclass(frozen=True, slots=True)
class Step:
    """`current`: the first that is not done."""

    title: str
    text: str
    url: str
    icon: str
    done: bool
    current: bool = False


def count(control_plane: ControlPlane, *, registries: int, gateways: int) -> Counts:
    """One query."""
    published = Q(published=True)
    found = Application.objects.filter(control_plane=control_plane).aggregate(
        rows=Count("pk", distinct=True),
        published_rows=Count("pk", distinct=True, filter=published),
        apis_all=Count("apis"),
        apis_published=Count("apis", filter=published & Q(apis__published=True)),
    )
    return Counts(
        registries=registries,
        gateways=gateways,
        applications=found["rows"],
        published_applications=found["published_rows"],
        apis=found["apis_all"],
        published_apis=found["apis_published"],
    )


def left(counts: Counts) -> list[Step]:
    """All steps while any of them is left; none once the way is gone."""
    found = [
        (
            _("Connect a service registry"),
            _("Tell Portolan where a Kubernetes cluster is; it follows the addresses there."),
            reverse("registries:registry-create"),
            "world-search",
            counts.registries > 0,
        ),
        (
            _("Add a gateway"),
            _("The data plane that answers your clients and is kept up to date."),
            reverse("gateways:gateway-create"),
            "router",
            counts.gateways > 0,
        ),
        (
            _("Create an application"),
            _("Hosts and a path prefix, and the service behind them."),
            reverse("applications:application-create"),
            "apps",
            counts.applications > 0,
        ),
        (
            _("Publish an API"),
            _("Paths and methods of an application that may be called."),
            reverse("applications:application-list"),
            "api",
            counts.published_apis > 0,
        ),
    ]
    done = [one[-1] for one in found]
    if all(done):
        return []
    current = done.index(False)
    return [Step(*one, current=number == current) for number, one in enumerate(found)]
