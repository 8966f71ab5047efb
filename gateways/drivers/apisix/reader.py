"""What APISIX itself says that it has: its Control API tells what a worker uses, the Admin API and
the file what it was given.

A great gateway is compared by the Admin API of its etcd, which tells single objects at any size,
and by as many questions to the Control API as that bears (`control`): a worker that does not hear
of changes any more uses something else than it was given.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from console.contract.wire import Resource, Upstream
from gateways.drivers.base import NotAsked, Process, Served
from gateways.drivers.folders import permitted_file
from gateways.drivers.reasons import UNRENDERED

from . import document, file, listing, names, standalone
from .admin import Api, version
from .control import Control
from .render import bracketed, render
from .settings import ADMIN, STANDALONE, Settings

_TIMEOUT = 10.0  # seconds; a list of 10,000 takes two
_DOUBTED = 8  # objects that are used otherwise than given, and are asked for whatever it takes


class ApisixReader:
    """Asks one gateway (`gateways.drivers.base.Reader`)."""

    def __init__(
        self, settings: Settings, secret: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._prefix = settings.id_prefix
        self._follows = settings.discovery == "portolan"
        self._admin = (
            Api(settings.admin_url, secret, timeout=_TIMEOUT)
            if settings.mode in (ADMIN, STANDALONE)
            else None
        )
        self._control = (
            Control(Api(settings.control_url, timeout=_TIMEOUT), clock=clock)
            if settings.control_url
            else None
        )
        self._some = False  # whether the module has told of some upstreams
        self._doubted: set[str] = set()  # names of objects

    def processes(self) -> list[Process]:
        """One: what answers at the settings' addresses. Only the Admin API tells its release."""
        if self._control is not None:
            self._control.alive()
        if self._admin is not None:
            small = "plugins/list" if self._settings.mode == ADMIN else "configs"
            self._admin.ask("HEAD" if small == "configs" else "GET", f"{listing.ROOT}/{small}")
        api = self._control.api if self._control else self._admin
        release = version(self._admin.server) if self._admin else ""
        return [Process(api.place, api.host, release)] if api else []

    def documents(self) -> Mapping[str, Any] | None:
        if self._settings.mode == ADMIN and self._admin is not None:
            found = listing.ours(self._admin, self._prefix)
        elif self._admin is not None:
            found = document.ours(standalone.read(self._admin)[0], self._prefix)
        else:
            path: Path = permitted_file(self._settings.file)
            found = document.ours(file.parse(file.read(path), path), self._prefix)
        return dict(sorted(found.items()))

    def served(self) -> Served | None:
        if self._control is not None:
            objects = self._control.ours(self._prefix)
        elif self._admin is not None and not self._follows:
            objects = dict(self.documents() or {})
        else:
            return None
        upstreams = {
            names.key_of(self._prefix, name): body
            for name, body in objects.items()
            if names.kind_of(name) == "upstreams"
        }
        routes = frozenset(
            names.key_of(self._prefix, name) for name in objects if names.kind_of(name) == "routes"
        )
        return self._told(upstreams, routes, all_of_them=True)

    def served_of(self, resources: Mapping[str, Resource]) -> Served | None:
        if self._settings.mode != ADMIN or (self._follows and not self._tells_some()):
            return None
        found = {key: self._one_of(resource) for key, resource in resources.items()}
        upstreams = {
            key: body
            for key, body in found.items()
            if body is not None and isinstance(resources[key], Upstream)
        }
        routes = frozenset(
            key for key, body in found.items() if body is not None and key not in upstreams
        )
        return self._told(upstreams, routes, all_of_them=False)

    def confirms(self, upstream: Upstream) -> bool | None:
        wanted = tuple(
            sorted(f"{bracketed(one.host)}:{one.port}" for one in upstream.nodes if one.weight > 0)
        )
        if self._follows:
            followed = self._control.followed(upstream.id) if self._control else None
            if followed is None:
                return None  # only the dump of all tells its nodes, which is no small question
            nodes = followed.get(upstream.id)
            return nodes is not None and _addresses({"nodes": nodes}) == wanted
        name = names.upstream(self._prefix, upstream.id)
        stored = self._admin if self._settings.mode == ADMIN else None
        if self._control is not None and not (stored and self._control.resting):
            if stored is None and not self._control.affordable:
                raise NotAsked  # nobody else could tell
            body = self._control.one(name)
        elif stored is not None:
            body = listing.one(stored, name)
        else:
            return None  # the whole document would not be a small question
        if body is None:
            return False
        return None if _follows(body) else _addresses(body) == wanted

    def close(self) -> None:
        for api in (self._admin, self._control.api if self._control else None):
            if api is not None:
                api.close()

    def _tells_some(self) -> bool:
        """Whether our discovery module is asked for the nodes of some upstreams."""
        if not self._some and self._control is not None:
            self._some = self._control.followed("-") is not None
        return self._some

    def _told(
        self,
        upstreams: Mapping[str, Mapping[str, Any]],
        routes: frozenset[str],
        *,
        all_of_them: bool,
    ) -> Served | None:
        """With the nodes of what our discovery module follows."""
        services = [str(one.get("service_name")) for one in upstreams.values() if _follows(one)]
        followed: Mapping[str, Any] | None = {}
        if services:
            some = () if all_of_them else services
            followed = self._control.followed(*some) if self._control else None
        if followed is None:
            return None  # who could tell them cannot be asked
        return Served(
            {
                key: _addresses(
                    {"nodes": followed.get(str(one.get("service_name")))} if _follows(one) else one
                )
                for key, one in upstreams.items()
            },
            routes,
        )

    def _one_of(self, resource: Resource) -> dict[str, Any] | None:
        """The first object that APISIX has of a resource: as it is used, if that can be afforded,
        else as it was given."""
        assert self._admin is not None  # noqa: S101 - its callers asked
        try:
            wanted = render(resource, self._settings)
        except UNRENDERED:
            return None
        for name in wanted:
            given = listing.one(self._admin, name)
            if given is not None and names.is_ours(self._prefix, given):
                return self._used(name, given)
            self._doubted.discard(name)
        return None

    def _used(self, name: str, given: dict[str, Any]) -> dict[str, Any] | None:
        if self._control is None:
            return given
        borne = self._control.affordable and not self._control.resting
        if not borne and name not in self._doubted:
            return given
        used = self._control.one(name)
        if used is not None and _addresses(used) == _addresses(given):
            self._doubted.discard(name)
        elif len(self._doubted) < _DOUBTED:
            self._doubted.add(name)
        return used


def _follows(body: Mapping[str, Any]) -> bool:
    return "discovery_type" in body


def _addresses(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Of an upstream's nodes, sorted."""
    found = body.get("nodes")
    return tuple(
        sorted(
            # The module resolves names, and keeps them.
            f"{bracketed(str(one.get('domain') or one.get('host', '')))}:{one.get('port')}"
            for one in (found if isinstance(found, list) else ())
            if isinstance(one, dict) and one.get("weight") != 0
        )
    )
