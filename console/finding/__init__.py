"""Finding anything of a control plane by a part of its name, or a node by its address."""

from __future__ import annotations

import ipaddress

from django.utils.translation import gettext as _

from console.models import ControlPlane
from console.redis import RedisError
from registries.models import Registry

from . import clusters, rows
from .found import Found

_REGISTRIES = 50  # in which services and nodes are looked for


def find(control_plane: ControlPlane, text: str, *, nodes: bool = True) -> Found:
    """Look for it in everything, or without nodes. The number of queries is constant; services cost
    a look into Redis for each registry, nodes a reading of all states. Never raises for Redis."""
    text = text.strip()
    if not text:
        return Found()
    groups = list(rows.groups(control_plane, text))
    registries = list(
        Registry.objects.filter(control_plane=control_plane).only("id", "name").order_by("name")
    )
    whole = len(registries) <= _REGISTRIES
    names = {str(one.pk): one.name for one in registries[:_REGISTRIES]}
    try:
        groups.append(clusters.services(names, text))
        address = address_in(text)
        if address and nodes:
            found, complete = clusters.nodes(names, address)
            groups.insert(0, found)
            whole = whole and complete
    except RedisError:
        doubt = _("Services and nodes cannot be looked for now: Redis does not answer.")
    else:
        doubt = "" if whole else _("There may be more: not everything was looked through.")
    return Found(tuple(one for one in groups if one.hits), doubt)


def address_in(text: str) -> str:
    """The IP address that was typed, with or without a port, as states write it; empty: none."""
    for candidate in (text, text.rpartition(":")[0]):
        try:
            return str(ipaddress.ip_address(candidate.strip("[]")))
        except ValueError:
            continue
    return ""
