"""What runs in clusters, found by name or address, as the watchers have published it."""

from __future__ import annotations

from collections.abc import Mapping

from django.urls import reverse
from django.utils.translation import gettext as _

from console.templatetags.console import endpoint_badge
from console.ui.pages import Badge
from registries import catalogue, whereabouts

from .found import SHOWN, Group, Hit


def services(registries: Mapping[str, str], text: str) -> Group:
    """Of these registries (id → name). Raises `RedisError`."""
    found: list[Hit] = []
    for pk, registry in registries.items():
        if len(found) > SHOWN:
            break
        for one in catalogue.find(pk, search=text)[: SHOWN + 1]:
            url = reverse("registries:service-detail", args=[pk, one.namespace, one.name])
            colour = "green" if one.ready else "red"
            found.append(Hit(one.key, url, registry, Badge(f"{one.ready} / {one.total}", colour)))
    return Group(_("Services"), "topology-star-3", tuple(found[:SHOWN]), len(found) > SHOWN)


def nodes(registries: Mapping[str, str], address: str) -> tuple[Group, bool]:
    """Who has this address, and whether all was looked through. Raises `RedisError`."""
    answer = whereabouts.of(registries, address, most=SHOWN + 1)
    hits = tuple(
        Hit(
            f"{one.endpoint.pod or address} · {one.namespace}/{one.name}",
            reverse("registries:service-detail", args=[one.registry_id, one.namespace, one.name]),
            registries[one.registry_id],
            endpoint_badge(one.endpoint),
        )
        for one in answer.found[:SHOWN]
    )
    more = len(answer.found) > SHOWN
    return Group(_("Nodes"), "affiliate", hits, more), answer.whole or more
