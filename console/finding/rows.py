"""What people have made, found by a part of its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

from django.db.models import Model, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from applications.models import Api, Application, Member
from console.models import ControlPlane
from gateways.models import Gateway
from registries.models import Registry

from .found import SHOWN, Group, Hit


def groups(control_plane: ControlPlane, text: str) -> Iterator[Group]:
    """One query each."""
    of_plane = {"control_plane": control_plane}
    yield _group(
        (_("Applications"), "apps", "applications:application-list"),
        Application.objects.filter(**of_plane),
        text,
        Q(hosts__icontains=text.lower()) | Q(labels__icontains=text),
        lambda row: Hit(
            row.name,
            reverse("applications:application-detail", args=[row.pk]),
            f"{', '.join(row.claims())}{row.path_prefix}",
        ),
    )
    yield _group(
        (_("APIs"), "route", ""),
        Api.objects.filter(application__control_plane=control_plane).select_related("application"),
        text,
        # Their JSON has words of its own.
        Q(labels__icontains=text) | (Q(paths__icontains=text) if "/" in text else Q()),
        lambda row: Hit(
            row.name, reverse("applications:api-edit", args=[row.pk]), row.application.name
        ),
    )
    yield _group(
        (_("Service registries"), "world-search", "registries:registry-list"),
        Registry.objects.filter(**of_plane).defer("token", "ca_bundle"),
        text,
        Q(server__icontains=text),
        lambda row: Hit(row.name, reverse("registries:registry-detail", args=[row.pk]), row.server),
    )
    yield _group(
        (_("Gateways"), "router", "gateways:gateway-list"),
        Gateway.objects.filter(**of_plane).defer("secret"),
        text,
        Q(url__icontains=text),
        lambda row: Hit(
            row.name, reverse("gateways:gateway-detail", args=[row.pk]), row.get_kind_display()
        ),
    )
    targets = Member.objects.filter(
        upstream__application__control_plane=control_plane, kind=Member.Kind.STATIC
    ).select_related("upstream__application")
    found = list(
        targets.filter(host__icontains=host_of(text)).order_by("host", "port", "pk")[: SHOWN + 1]
    )
    hits = (
        Hit(
            f"{row.host}:{row.port}",
            reverse("applications:application-detail", args=[row.upstream.application_id]),
            row.upstream.application.name,
        )
        for row in found[:SHOWN]
    )
    yield Group(_("Static targets"), "target", tuple(hits), len(found) > SHOWN)


def host_of(text: str) -> str:
    """What was typed without its port, as log lines have it."""
    host, _colon, port = text.rpartition(":")
    return host.strip("[]") if host and port.isdigit() else text


def _group(
    shown: tuple[str, str, str],
    rows: QuerySet[Any, Any],
    text: str,
    other: Q,
    hit: Callable[[Any], Hit],
) -> Group:
    heading, icon, listed = shown
    wanted = Q(name__icontains=text) | Q(description__icontains=text) | other
    found: list[Model] = list(rows.filter(wanted).order_by("name", "pk")[: SHOWN + 1])
    url = f"{reverse(listed)}?{urlencode({'q': text})}" if listed else ""
    return Group(heading, icon, tuple(map(hit, found[:SHOWN])), len(found) > SHOWN, url)
