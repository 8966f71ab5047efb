"""Comparing what is published with what the cluster says, for a few services at a time.

A canary: every other figure is told by the loops about themselves, and a loop that is wrong says
that all is well. So this goes a way of its own: a plain GET of a service's objects, the set of
addresses in them, the feed beside it. What it finds is shown and measured; no loop depends on it.

Both sides move while they are read, and the feed is behind by as much as it may be. So a difference
counts only if the same addresses still differ at a second look.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

import msgspec
from django.conf import settings
from msgspec import Struct

from console import redis
from console.contract import keys
from registries import catalogue
from registries.kube import addresses
from registries.kube.client import Client
from registries.kube.errors import KubeError, bad_answer
from registries.kube.spec import RegistrySpec

SERVICES = 3  # a comparison's sample
SECOND_LOOK = 2.0  # seconds after the first; the budget of a commit is a hundredth of it
KEPT = 600  # seconds for which a finding is worth something
_NAMED = 20  # addresses that are named of each sort

_ENDPOINTS = "endpoints"


class Difference(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One service whose feed and cluster differ, by address."""

    service: str
    missing: tuple[str, ...] = ()  # in the cluster, not in the feed
    surplus: tuple[str, ...] = ()  # in the feed, not in the cluster
    changed: tuple[str, ...] = ()  # ready in one of them only


class Comparison(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one comparison found. `compared_at` is in milliseconds; 0: never, or long ago."""

    compared_at: int = 0
    services: int = 0
    differences: tuple[Difference, ...] = ()
    error: str = ""  # why the cluster could not be asked; hostile text
    reason: str = ""  # the code of that (`registries.kube.errors`)


# Address → whether it is ready; both, if two objects say different things of it.
Readiness = dict[str, set[bool]]

_decoder = msgspec.json.Decoder(Comparison)


def compare(
    spec: RegistrySpec,
    *,
    resource: str = "",
    services: int = SERVICES,
    pause: Callable[[float], object] = time.sleep,
) -> Comparison:
    """Compare a random sample. `resource` is the one that is watched. Raises `RedisError`."""
    names = catalogue.sample(spec.id, services)
    client = Client(spec, allow_loopback=settings.REGISTRIES_ALLOW_LOOPBACK_SERVERS)
    looker = _Looker(client, spec, resource)
    found: dict[str, Difference] = {}
    error = reason = ""
    try:
        found = looker.look(names)
        if found:
            pause(SECOND_LOOK)
            again = looker.look(found)
            found = {name: _both(found[name], again[name]) for name in again}
    except KubeError as failure:
        found, error, reason = {}, failure.text, failure.code
    finally:
        client.close()
    return Comparison(
        compared_at=int(time.time() * 1000),
        services=0 if error else len(names),
        differences=tuple(one for one in found.values() if _differs(one)),
        error=error,
        reason=reason,
    )


def write(registry_id: str, comparison: Comparison) -> None:
    """Raises `RedisError`."""
    key = keys.truth(keys.registry(registry_id))
    redis.store().set(key, msgspec.json.encode(comparison), ex=KEPT)


def read(registry_ids: Iterable[str]) -> dict[str, Comparison]:
    """The last comparison of each registry, by one look for all. Raises `RedisError`."""
    wanted = list(registry_ids)
    if not wanted:
        return {}
    found = redis.store().mget([keys.truth(keys.registry(one)) for one in wanted])
    return {
        one: _decoder.decode(data) if data else Comparison()
        for one, data in zip(wanted, found, strict=True)
    }


class _Looker:
    def __init__(self, client: Client, spec: RegistrySpec, resource: str) -> None:
        self._client = client
        self._spec = spec
        self._slices = (resource or spec.resource) != _ENDPOINTS

    def look(self, names: Iterable[str]) -> dict[str, Difference]:
        """What differs now, by the name of its service. Raises `KubeError`, `RedisError`."""
        found = {}
        for name in names:
            difference = _difference(name, self._in_cluster(name), self._in_feed(name))
            if _differs(difference):
                found[name] = difference
        return found

    def _in_feed(self, name: str) -> Readiness:
        namespace, _, service = name.partition("/")
        state = catalogue.get(self._spec.id, namespace, service)
        found: Readiness = {}
        for subset in state.subsets if state else ():
            for endpoint in subset.endpoints:
                found.setdefault(endpoint.address, set()).add(endpoint.ready)
        return found

    def _in_cluster(self, name: str) -> Readiness:
        namespace, _, service = name.partition("/")
        inside = f"namespaces/{quote(namespace, safe='')}"
        params = {"labelSelector": self._spec.label_selector} if self._spec.label_selector else {}
        if self._slices:
            path = f"/apis/discovery.k8s.io/v1/{inside}/endpointslices"
            labels = [f"kubernetes.io/service-name={service}", *params.values()]
            params["labelSelector"] = ",".join(labels)
        else:
            path = f"/api/v1/{inside}/endpoints"
            params["fieldSelector"] = f"metadata.name={service}"
        read = _of_slice if self._slices else _of_endpoints
        try:
            items = msgspec.json.decode(self._client.get(path, params))["items"] or ()
            pairs = [pair for item in items for pair in read(item)]
        except (msgspec.DecodeError, LookupError, TypeError, AttributeError) as error:
            raise bad_answer("a list that cannot be read") from error
        found: Readiness = {}
        for text, ready in pairs:
            address = addresses.parse(text)
            # What is refused on purpose is no difference.
            if address and not addresses.refusal(
                address, allow_loopback=settings.REGISTRIES_ALLOW_LOOPBACK_NODES
            ):
                found.setdefault(str(address), set()).add(ready)
        return self._of_family(found) if self._slices else found

    def _of_family(self, found: Readiness) -> Readiness:
        four = {address: ready for address, ready in found.items() if ":" not in address}
        six = {address: ready for address, ready in found.items() if ":" in address}
        if self._spec.address_family == "ipv4":
            return four
        return six if self._spec.address_family == "ipv6" else four or six


def _of_slice(item: dict[str, Any]) -> list[tuple[str, bool]]:
    """The addresses of an EndpointSlice, of which consumers take each endpoint's first."""
    if item.get("addressType") not in ("IPv4", "IPv6"):
        return []
    return [
        ((one.get("addresses") or [""])[0], (one.get("conditions") or {}).get("ready") is not False)
        for one in item.get("endpoints") or ()
    ]


def _of_endpoints(item: dict[str, Any]) -> list[tuple[str, bool]]:
    """The addresses of an Endpoints object."""
    return [
        (one.get("ip", ""), ready)
        for subset in item.get("subsets") or ()
        for ready, sort in ((True, "addresses"), (False, "notReadyAddresses"))
        for one in subset.get(sort) or ()
    ]


def _difference(name: str, cluster: Readiness, feed: Readiness) -> Difference:
    both = cluster.keys() & feed.keys()
    return Difference(
        service=name,
        missing=tuple(sorted(cluster.keys() - feed.keys())),
        surplus=tuple(sorted(feed.keys() - cluster.keys())),
        changed=tuple(sorted(one for one in both if not feed[one] & cluster[one])),
    )


def _both(first: Difference, second: Difference) -> Difference:
    """What differs in the same way at both looks."""

    def kept(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(set(one) & set(other)))[:_NAMED]

    return Difference(
        service=first.service,
        missing=kept(first.missing, second.missing),
        surplus=kept(first.surplus, second.surplus),
        changed=kept(first.changed, second.changed),
    )


def _differs(one: Difference) -> bool:
    return bool(one.missing or one.surplus or one.changed)
