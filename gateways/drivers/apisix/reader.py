"""What APISIX itself says that it has: its Control API tells what a worker uses, the Admin API and
the file what it was given.

To answer, the Control API copies all objects, or all before the one that it is asked for, and that
worker serves no request meanwhile: with thousands of objects for most of a second. It is asked as
long as it answers quickly; the Admin API of an APISIX with etcd tells single objects at any size.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from console.contract.wire import Resource, Upstream
from gateways.drivers.base import DriverError, Process, Served
from gateways.drivers.folders import permitted_file

from . import document, file, listing, names, standalone
from .admin import Api, version
from .conditions import Unsupported
from .plain import plain
from .render import Objects, bracketed, render
from .settings import ADMIN, STANDALONE, Settings

_TIMEOUT = 10.0  # seconds; a list of 10,000 takes two
_QUICK = 0.05  # seconds that the Control API may take for one object
_OFTEN = 3  # times in a row that it took longer, after which it is asked no more


class ApisixReader:
    """Asks one gateway (`gateways.drivers.base.Reader`)."""

    def __init__(self, settings: Settings, secret: str) -> None:
        self._settings = settings
        self._prefix = settings.id_prefix
        self._admin = (
            Api(settings.admin_url, secret, timeout=_TIMEOUT)
            if settings.mode in (ADMIN, STANDALONE)
            else None
        )
        self._control = (
            Api(settings.control_url, timeout=_TIMEOUT) if settings.control_url else None
        )
        self._slow = 0  # answers of the Control API in a row

    def processes(self) -> list[Process]:
        """One: what answers at the settings' addresses. Only the Admin API tells its release."""
        if self._control is not None:
            self._control.ask("GET", "/v1/upstream/-")
        if self._admin is not None:
            small = "plugins/list" if self._settings.mode == ADMIN else "configs"
            self._admin.ask("HEAD" if small == "configs" else "GET", f"{listing.ROOT}/{small}")
        api = self._control or self._admin
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
        objects = self._used() if self._control is not None else self._given()
        if objects is None:
            return None
        upstreams: dict[str, tuple[str, ...]] = {}
        followed = self._followed(objects)
        for name, body in objects.items():
            if names.kind_of(name) != "upstreams":
                continue
            if "discovery_type" in body:
                if followed is None:
                    return None  # who could tell its nodes cannot be asked
                body = {"nodes": followed.get(str(body.get("service_name")), [])}
            upstreams[names.key_of(self._prefix, name)] = _addresses(body)
        routes = {
            names.key_of(self._prefix, name) for name in objects if names.kind_of(name) == "routes"
        }
        return Served(upstreams, frozenset(routes))

    def served_of(self, resources: Mapping[str, Resource]) -> Served | None:
        if self._settings.mode != ADMIN or self._settings.discovery != "nodes":
            return None
        upstreams: dict[str, tuple[str, ...]] = {}
        routes: set[str] = set()
        for key, resource in resources.items():
            body = self._given_of(resource)
            if body is not None and isinstance(resource, Upstream):
                upstreams[key] = _addresses(body)
            elif body is not None:
                routes.add(key)
        return Served(upstreams, frozenset(routes))

    def confirms(self, upstream: Upstream) -> bool | None:
        wanted = tuple(
            sorted(f"{bracketed(one.host)}:{one.port}" for one in upstream.nodes if one.weight > 0)
        )
        name = names.upstream(self._prefix, upstream.id)
        if self._control is not None and self._slow < _OFTEN:
            body = self._one_used(name)
        elif self._settings.mode == ADMIN and self._admin is not None:
            body = listing.one(self._admin, name)
        else:
            return None  # the whole document would not be a small question
        if body is None:
            return False
        # Of a followed upstream only the dump of all tells the nodes, which is no small question.
        return None if "discovery_type" in body else _addresses(body) == wanted

    def close(self) -> None:
        for api in (self._admin, self._control):
            if api is not None:
                api.close()

    def _given(self) -> Mapping[str, Any] | None:
        return self.documents() if self._admin is not None else None

    def _given_of(self, resource: Resource) -> dict[str, Any] | None:
        """The first object that APISIX has of a resource."""
        assert self._admin is not None  # noqa: S101 - its callers asked
        try:
            wanted = render(resource, self._settings)
        except Unsupported:
            return None
        found = (listing.one(self._admin, name) for name in wanted)
        return next(
            (one for one in found if one is not None and names.is_ours(self._prefix, one)), None
        )

    def _used(self) -> Objects:
        """Objects of ours that a worker uses."""
        assert self._control is not None  # noqa: S101 - its callers asked
        found: Objects = {}
        for kind in names.KINDS:
            answer = self._control.ask("GET", f"/v1/{kind}")
            if answer.status != 200:
                raise DriverError(
                    f"The Control API at {self._control.place} answers oddly ({answer.status}).",
                    code="answer",
                )
            # Lua writes an empty list as an empty object; null: there never was one.
            for item in answer.body if isinstance(answer.body, list) else ():
                body = listing.body_of(item)
                if body is not None and names.is_ours(self._prefix, body):
                    found[f"{kind}/{body['id']}"] = plain(kind, body)
        return found

    def _one_used(self, name: str) -> dict[str, Any] | None:
        assert self._control is not None  # noqa: S101 - its callers asked
        began = time.monotonic()
        answer = self._control.ask("GET", f"/v1/upstream/{names.id_of(name)}")
        self._slow = self._slow + 1 if time.monotonic() - began > _QUICK else 0
        if answer.status == 404:
            return None
        body = listing.body_of(answer.body)
        return plain("upstreams", body) if body is not None else None

    def _followed(self, objects: Mapping[str, Any]) -> dict[str, Any] | None:
        """Nodes that our discovery module has, by upstreams; None: it cannot be asked."""
        if self._control is None or not any("discovery_type" in one for one in objects.values()):
            return None
        answer = self._control.ask("GET", "/v1/discovery/portolan/dump")
        said = answer.body if answer.status == 200 and isinstance(answer.body, dict) else {}
        if not isinstance(said.get("services"), list):
            return None
        return {
            str(one.get("name")): one.get("nodes")
            for one in said["services"]
            if isinstance(one, dict)
        }


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
