"""What is odd about a registry though it is read: what is left out, what Endpoints do not tell.

Workers say numbers, names and marked reasons (`registries.kube.addresses`, `.parts`); the words
are made here, in the language of who reads them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registries.health import Status
from registries.models import Registry


@dataclass(frozen=True, slots=True)
class Oddity:
    """`names` are services that it is about, the first of them."""

    text: str
    names: tuple[str, ...] = ()


def of(registry: Registry, status: Status) -> Iterator[Oddity]:
    for why, count in left_out(status.refused):
        text = ngettext(
            "%(count)d endpoint is left out: %(why)s.",
            "%(count)d endpoints are left out: %(why)s.",
            count,
        )
        yield Oddity(text % {"count": count, "why": why})
    if second_best(registry, status):
        yield Oddity(
            _(
                "EndpointSlices are not permitted, so Endpoints are read: at most 1,000 addresses a"
                " service, and no word of pods that are terminating."
            )
        )
    if status.truncated:
        text = ngettext(
            "%(count)d service has more than 1,000 addresses; the cluster cut the rest off.",
            "%(count)d services have more than 1,000 addresses; the cluster cut the rest off.",
            status.truncated,
        )
        yield Oddity(text % {"count": status.truncated}, status.cut_off)


def left_out(refused: Mapping[str, int]) -> list[tuple[str, int]]:
    """Why endpoints are left out, and how many; by reason. One of a worker of another release stays
    as it is."""
    return [(_(reason) if reason else "", count) for reason, count in sorted(refused.items())]


def in_short(refused: Mapping[str, int]) -> str:
    """The same in one line; empty if nothing is left out."""
    return ", ".join(f"{count} × {why}" for why, count in left_out(refused))


def second_best(registry: Registry, status: Status) -> bool:
    """Whether Endpoints are read because EndpointSlices may not be."""
    return (
        registry.resource == Registry.Resource.AUTO
        and status.resource == Registry.Resource.ENDPOINTS
    )
