"""What gateways are given, as documents: of what is published, and of what would be.

Renders with each kind's own `preview`; asks no gateway but for `live`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from applications import dryrun
from applications.models import Application
from console import redis
from console.contract import keys, wire
from console.feed.writer import scan
from console.redaction import redact
from gateways import drivers, told, wording
from gateways.diffing import listed
from gateways.drivers.base import BadSetting, DriverError, Preview, Served
from gateways.models import Gateway

Resources = Mapping[str, wire.Resource]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a gateway said of itself; `error` and `code` say why it said nothing. Neither: with its
    settings it cannot be asked. `at`: when, if it was not asked just now, in ms."""

    documents: Mapping[str, Any] | None = None
    served: Served | None = None
    at: int = 0
    error: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A preview for people: without what looks like a secret. `error`: there is none, and why."""

    documents: Mapping[str, Any] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    error: str = ""


def published(control_plane_id: str) -> dict[str, wire.Resource]:
    """All resources of a control plane as compiled. Raises `RedisError`."""
    feed = keys.feed(keys.control_plane(control_plane_id))
    return dryrun.readable(scan(redis.store(), feed))


def some(control_plane_id: str, wanted: Iterable[str]) -> dict[str, wire.Resource]:
    """These resources of a control plane as compiled; those that are not are left out. Raises
    `RedisError`."""
    names = list(wanted)
    if not names:
        return {}
    feed = keys.feed(keys.control_plane(control_plane_id))
    return dryrun.readable(zip(names, redis.store().hmget(feed.states, names), strict=True))


def keys_of(application: Application) -> list[str]:
    """The keys of an application's resources, published or not. Two queries."""
    return [
        *(keys.route(str(pk)) for pk in application.apis.values_list("pk", flat=True)),
        *(keys.upstream(str(pk)) for pk in application.upstreams.values_list("pk", flat=True)),
    ]


def fitting(documents: Mapping[str, Any], search: str) -> dict[str, Any]:
    """The documents whose name or text has these words."""
    wanted = search.strip().lower()
    return {
        name: one
        for name, one in documents.items()
        if not wanted or wanted in name.lower() or wanted in listed(one).lower()
    }


def preview(gateway: Gateway, resources: Resources) -> Shown:
    """What the gateway's kind makes of resources. Never raises for what they say."""
    try:
        found: Preview = drivers.preview(gateway.kind, gateway.settings, resources)
    except BadSetting as error:
        return Shown(error=wording.setting(error))
    return Shown(clean(found.documents), dict(found.refused))


def live(gateway: Gateway) -> Asked:
    """The documents that the gateway has now, asked of it."""
    return _ask(gateway, documents=True)


def serving(gateway: Gateway) -> Asked:
    """What the gateway uses now, asked of it; or what its agent found last, as only that reaches
    it. Raises `RedisError`."""
    if gateway.by_agent:
        found = told.read(redis.store(), str(gateway.pk))
        return Asked(served=found.served, at=found.at) if found else Asked()
    return _ask(gateway, documents=False)


def clean(value: Any) -> Any:
    """A document of JSON's types, without what looks like a secret in its texts."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {str(key): clean(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [clean(one) for one in value]
    return value


def _ask(gateway: Gateway, *, documents: bool) -> Asked:
    try:
        reader = drivers.reader(gateway.kind, gateway.settings, gateway.secret.reveal())
    except BadSetting as error:
        return Asked(error=wording.setting(error), code="settings")
    except DriverError as error:
        return Asked(error=str(error), code=error.code or "settings")
    with closing(reader):
        try:
            if documents:
                found = reader.documents()
                return Asked(documents=None if found is None else clean(found))
            return Asked(served=reader.served())
        except DriverError as error:
            return Asked(error=str(error), code=error.code)
