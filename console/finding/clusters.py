"""What runs in clusters, found by name or address, as the watchers have published it."""

from __future__ import annotations

from collections.abc import Mapping

from django.urls import reverse
from django.utils.translation import gettext as _

from console.contract import wire
from console.ui.pages import Badge
from registries import catalogue, whereabouts

from .found import SHOWN, Group, Hit


def services(registries: Mapping[str, str], text: str) -> Group:
    """Of these registries (id → name). Raises `RedisError`."""
    found: list[Hit] = []
    for pk, registry in registries.items():
        for one in catalogue.find(pk, search=text):
            if len(found) > SHOWN:
                break
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
            _state(one.endpoint),
        )
        for one in answer.found[:SHOWN]
    )
    more = len(answer.found) > SHOWN
    return Group(_("Nodes"), "affiliate", hits, more), answer.whole or more


def _state(endpoint: wire.Endpoint) -> Badge:
    if endpoint.terminating:
        return Badge(_("terminating"), "orange")
    return Badge(_("ready"), "green") if endpoint.ready else Badge(_("not ready"), "red")
