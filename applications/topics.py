"""What open pages of applications listen to, beside their control plane (`console.live`)."""

from __future__ import annotations

from collections.abc import Iterable

from applications.explain import UpstreamExplanation
from applications.models import Member
from console.contract import keys


def services(members: Iterable[Member]) -> set[str]:
    """The services that members follow."""
    return {
        f"service:{one.registry_id}/{keys.service(one.namespace, one.service)}"
        for one in members
        if one.kind == Member.Kind.DISCOVERY
    }


def registries(explanation: UpstreamExplanation) -> list[str]:
    """The registries of an upstream, for a page that says why its nodes are as they are."""
    followed = {one.member.registry_id for one in explanation.members} - {None}
    return sorted(keys.registry(str(one)) for one in followed)
