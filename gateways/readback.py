"""The way of an upstream's nodes in three columns: what the clusters say, what the console has
compiled, what the gateway serves."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from applications import dryrun, reading
from applications.models import Upstream as UpstreamRow
from console.contract import wire
from gateways import rendering, wording
from gateways.diffing import Difference
from gateways.diffing.serving import addresses, of_upstream
from gateways.driving.given import SETTLE
from gateways.models import Gateway
from gateways.refusals import named
from gateways.rendering import Asked


@dataclass(frozen=True, slots=True)
class Line:
    """One upstream. `cluster`: None where it is not known; `served`: None where the gateway cannot
    be asked, or has nothing of it (then `absent`). `waiting`: the clusters say something else than
    is compiled. `refused`: why this kind of gateway cannot have it."""

    key: str
    title: str
    url: str
    cluster: tuple[str, ...] | None
    compiled: tuple[str, ...]
    served: tuple[str, ...] | None
    difference: Difference | None = None
    refused: str = ""

    @property
    def waiting(self) -> bool:
        return self.cluster is not None and self.cluster != self.compiled

    @property
    def agrees(self) -> bool:
        return not self.waiting and self.difference is None and not self.refused


def upstreams(control_plane_id: str, search: str = "") -> list[wire.Upstream]:
    """The compiled upstreams whose name or an address has the words, by name. Raises
    `RedisError`."""
    wanted = search.strip().lower()
    found = [
        one
        for one in rendering.published(control_plane_id).values()
        if isinstance(one, wire.Upstream) and (not wanted or _fits(one, wanted))
    ]
    return sorted(found, key=lambda one: (one.name, one.id))


def lines(
    gateway: Gateway,
    shown: Sequence[wire.Upstream],
    asked: Asked,
    refused: Mapping[str, str],
) -> list[Line]:
    """A line for each of these upstreams. A constant number of queries. Raises `RedisError`."""
    now = _now(shown)
    titles = named({f"upstream/{one.id}" for one in shown})
    return [_line(one, now, titles, asked, refused) for one in shown]


def _line(
    upstream: wire.Upstream,
    now: Mapping[str, wire.Resource],
    titles: Mapping[str, tuple[str, str]],
    asked: Asked,
    refused: Mapping[str, str],
) -> Line:
    key = f"upstream/{upstream.id}"
    title, url = titles.get(key, (upstream.name, ""))
    has = asked.served.upstreams.get(key) if asked.served else None
    why = wording.reason(refused.get(key, ""))
    cluster = now.get(key)
    return Line(
        key=key,
        title=title,
        url=url,
        cluster=addresses(cluster) if isinstance(cluster, wire.Upstream) else None,
        compiled=addresses(upstream),
        served=tuple(sorted(has)) if has is not None else None,
        difference=of_upstream(upstream, has) if _judged(upstream, asked) and not why else None,
        refused=why,
    )


def _judged(upstream: wire.Upstream, asked: Asked) -> bool:
    """Whether what is served can be compared: it was not asked before the nodes changed, or right
    after."""
    if asked.served is None:
        return False
    return not asked.at or upstream.observed_at < asked.at - SETTLE * 1000


def _now(shown: Iterable[wire.Upstream]) -> dict[str, wire.Resource]:
    """These upstreams as the registries' feeds would make them at this moment."""
    ids = [one for upstream in shown if (one := _uuid(upstream.id))]
    rows = UpstreamRow.objects.filter(pk__in=ids).values_list("application_id", flat=True)
    specs = reading.specs({str(pk) for pk in rows})
    return dryrun.compiled(specs, {f"upstream/{one.id}": one for one in shown})


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None  # of another house


def _fits(upstream: wire.Upstream, wanted: str) -> bool:
    return wanted in upstream.name.lower() or any(
        wanted in address for address in addresses(upstream)
    )
