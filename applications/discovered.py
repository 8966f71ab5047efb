"""What the registries' feeds say at this moment, for people and for checks.

The compiler follows the feeds; this module only looks. Redis being away means that nothing is
known, never that there is nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from applications import nodes
from applications.models import Member
from console import redis
from console.contract import keys, wire
from console.redis import RedisError


def services(registry_id: str, names: Iterable[str]) -> dict[str, wire.Service]:
    """Read services of a registry by their state keys; those that do not exist are left out."""
    wanted = list(names)
    if not wanted:
        return {}
    found = redis.store().hmget(keys.feed(keys.registry(registry_id)).states, wanted)
    return {
        name: wire.decode_service(state)
        for name, state in zip(wanted, found, strict=True)
        if state is not None
    }


def service(member: Member) -> wire.Service | None:
    """The service that a member follows, if it is known. Raises `RedisError`."""
    name = keys.service(member.namespace, member.service)
    return services(str(member.registry_id), [name]).get(name)


def port_problem(member: Member) -> str:
    """Say why a member's port cannot be served, or nothing.

    Only a service that is known can be found wanting: one that is not deployed yet, or whose
    registry has never been read, may be chosen in advance.
    """
    if member.kind != Member.Kind.DISCOVERY:
        return ""
    try:
        found = service(member)
    except RedisError:
        return ""
    if found is None or not found.subsets:
        return ""
    offered = nodes.offered_ports(found)
    if nodes.has_port(found, member.service_port):
        return ""
    choice = ", ".join(offered) or _("none")
    if not member.service_port:
        return _("The service has several ports; choose one of %(ports)s.") % {"ports": choice}
    return _("The service has no port “%(port)s”; it offers %(ports)s.") % {
        "port": member.service_port,
        "ports": choice,
    }
