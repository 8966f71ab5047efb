"""From Traefik's objects to the keys of its tree. Pure.

A value is never empty: Traefik's provider passes those over, which is how a name is emptied without
being removed. A list of words is one key, with commas. Servers have slots: one that stays keeps its
number, so that a change of nodes changes values and adds no names (a reading of the tree finds all
names first, in many steps, and then all values in one).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .render import Objects, Unsupported

# Key below the tree's root → value.
Keys = dict[str, str]
# Addresses by slot; empty: it is free.
Slots = list[str]


def flatten(objects: Objects, slots: Mapping[str, Slots] | None = None) -> Keys:
    """Raises `Unsupported`. `slots`: those of services, by the places of these."""
    keys: Keys = {}
    for place, found in objects.items():
        if servers := found.get("loadBalancer", {}).get("servers"):
            rest = {k: v for k, v in found["loadBalancer"].items() if k != "servers"}
            keys.update(_leaves(f"{place}/loadBalancer", rest))
            keys.update(_servers(place, servers, (slots or {}).get(place)))
        else:
            keys.update(_leaves(place, found))
    return keys


def assign(before: Sequence[str], urls: Sequence[str]) -> Slots:
    """Give each address a slot: those that stay keep theirs, others take free ones first."""
    coming = list(urls)
    after: Slots = []
    for url in before:
        stays = url in coming
        after.append(url if stays else "")
        if stays:
            coming.remove(url)
    for place, url in enumerate(after):
        if not url and coming:
            after[place] = coming.pop(0)
    after += coming
    while after and not after[-1]:
        after.pop()
    return after


def slots_of(keys: Mapping[str, str]) -> dict[str, Slots]:
    """The slots that a tree has, by the places of services."""
    found: dict[str, dict[int, str]] = {}
    for key, url in keys.items():
        place, inside, slot = key.removesuffix("/url").partition("/loadBalancer/servers/")
        if inside and slot.isdecimal() and key.endswith("/url"):
            found.setdefault(place, {})[int(slot)] = url
    return {
        place: [slots.get(number, "") for number in range(max(slots) + 1)]
        for place, slots in found.items()
        if max(slots) < 100_000  # whoever wrote that, it was not us
    }


def urls_of(service: Mapping[str, Any]) -> list[str]:
    return [one["url"] for one in service.get("loadBalancer", {}).get("servers", ())]


def _servers(place: str, servers: list[dict[str, Any]], slots: Slots | None) -> Keys:
    taken = list(slots) if slots is not None else [one["url"] for one in servers]
    keys: Keys = {}
    for one in servers:
        number = taken.index(one["url"])
        taken[number] = ""
        keys.update(_leaves(f"{place}/loadBalancer/servers/{number}", one))
    return keys


def _leaves(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(f"{name}/{key}", inner)
    elif isinstance(value, list):
        if any("," in word or word != word.strip() for word in value):
            raise Unsupported("Traefik's tree cannot hold a comma in a list.")
        yield name, ",".join(value)
    elif isinstance(value, bool):
        yield name, "true" if value else "false"
    elif str(value):
        yield name, str(value)


def objects_of(keys: Mapping[str, Keys]) -> Objects:
    """The objects of a tree as far as they are needed to be kept: nested, of words only. Written
    again they give the same keys."""
    return {place: _nested(place, found) for place, found in keys.items()}


def _nested(place: str, keys: Keys) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for key, value in sorted(keys.items()):
        *parents, last = key.removeprefix(f"{place}/").split("/")
        inside = root
        for parent in parents:
            inside = inside.setdefault(parent, {})
            if not isinstance(inside, dict):
                return {}  # written by someone else
        inside[last] = value
    balancer = root.get("loadBalancer")
    if isinstance(balancer, dict) and isinstance(balancer.get("servers"), dict):
        slots = [one for one in balancer["servers"].values() if isinstance(one, dict)]
        balancer["servers"] = [one for one in slots if "url" in one]
    return root
